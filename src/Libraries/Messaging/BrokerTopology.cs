using RabbitMQ.Client;

namespace Rlhf.Messaging;

/// <summary>The exchange and the queues, and how they are declared. Declaring is idempotent: whoever comes first does it.</summary>
public static class BrokerTopology
{
    /// <summary>The one durable topic exchange.</summary>
    public const string Exchange = "rlhf";

    /// <summary>
    /// The broker's own limit of deliveries. It is a backstop for messages that kill their consumer and so never reach
    /// <see cref="MessagingOptions.MaxAttempts"/>. It is an argument of the queue: all processes must agree on it.
    /// </summary>
    public const int DeliveryLimit = 20;

    /// <summary>Every durable queue of the system with the routing keys that it is bound to.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Queues { get; } = new Dictionary<string, IReadOnlyList<string>>
    {
        [QueueNames.GeneratorRollouts] = [RoutingKeys.RolloutsRequested],
        [QueueNames.RewardRollouts] = [RoutingKeys.RolloutsGenerated],
        [QueueNames.JudgeRevisions] = [RoutingKeys.RevisionsRequested],
        [QueueNames.JudgeComparisons] = [RoutingKeys.ComparisonsRequested],
        [QueueNames.LearnerRollouts] = [RoutingKeys.RolloutsScored],
        [QueueNames.CoordinatorLedger] =
        [
            RoutingKeys.RevisionsCompleted, RoutingKeys.RolloutsGenerated, RoutingKeys.RolloutsScored,
            RoutingKeys.PreferencesRecorded, RoutingKeys.PolicyPublished, RoutingKeys.RewardModelPublished,
        ],
    };

    /// <summary>Declares all of <see cref="Queues"/>, so that a request published before its consumer's first start waits for it.</summary>
    internal static async Task DeclareAllAsync(IChannel channel, CancellationToken cancellationToken)
    {
        foreach (var (queue, routingKeys) in Queues)
        {
            await DeclareQueueAsync(channel, queue, routingKeys, cancellationToken);
        }
    }

    internal static async Task DeclareQueueAsync(
        IChannel channel, string queue, IEnumerable<string> routingKeys, CancellationToken cancellationToken)
    {
        await DeclareExchangeAsync(channel, cancellationToken);

        var deadLetters = QueueNames.DeadLettersOf(queue);
        await channel.QueueDeclareAsync(deadLetters, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?>
            {
                ["x-queue-type"] = "quorum",
                ["x-delivery-limit"] = DeliveryLimit,
                ["x-dead-letter-exchange"] = "",
                ["x-dead-letter-routing-key"] = deadLetters,
            }, cancellationToken: cancellationToken);

        foreach (var routingKey in routingKeys)
        {
            await channel.QueueBindAsync(queue, Exchange, routingKey, cancellationToken: cancellationToken);
        }
    }

    /// <summary>A queue of this process alone, gone with its connection; the broker names it, anew after each reconnection.</summary>
    internal static async Task<string> DeclareFanOutQueueAsync(
        IChannel channel, IEnumerable<string> routingKeys, CancellationToken cancellationToken)
    {
        await DeclareExchangeAsync(channel, cancellationToken);
        var declared = await channel.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellationToken);
        foreach (var routingKey in routingKeys)
        {
            await channel.QueueBindAsync(declared.QueueName, Exchange, routingKey, cancellationToken: cancellationToken);
        }

        return declared.QueueName;
    }

    private static Task DeclareExchangeAsync(IChannel channel, CancellationToken cancellationToken) =>
        channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancellationToken);
}
