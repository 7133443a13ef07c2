using Google.Protobuf;

namespace Rlhf.Messaging;

/// <summary>Handles messages of one type. One instance serves all of them, several at a time: it must be safe for concurrent calls.</summary>
/// <typeparam name="TMessage">The body.</typeparam>
public interface IMessageHandler<in TMessage>
    where TMessage : IMessage<TMessage>
{
    /// <summary>
    /// Does the message's work, its own publishing included. The message is acknowledged when the task completes.
    /// When the task fails the message is delivered again, possibly to another process; after
    /// <see cref="MessagingOptions.MaxAttempts"/> it goes to the queue's dead letters with the reason.
    /// The same message can come more than once: handling it twice must have the effect of handling it once.
    /// </summary>
    /// <param name="message">The body.</param>
    /// <param name="cancellationToken">Cancelled when the process stops; the message then returns to the queue.</param>
    Task HandleAsync(TMessage message, CancellationToken cancellationToken);
}
