using Google.Protobuf;

namespace Rlhf.Messaging;

/// <summary>What <see cref="MessagingServices"/> registers: one routing key of one queue and who handles it.</summary>
/// <param name="Queue">A durable queue; null for this process's own fan-out queue.</param>
/// <param name="RoutingKey">The key the queue is bound to.</param>
/// <param name="Prefetch">Messages in work at a time.</param>
/// <param name="MessageType">Full protobuf name of the body.</param>
/// <param name="Parse">Reads a body.</param>
/// <param name="HandleAsync">Handles a parsed body.</param>
internal sealed record MessageSubscription(
    string? Queue,
    string RoutingKey,
    ushort Prefetch,
    string MessageType,
    Func<ReadOnlyMemory<byte>, IMessage> Parse,
    Func<IServiceProvider, IMessage, CancellationToken, Task> HandleAsync);
