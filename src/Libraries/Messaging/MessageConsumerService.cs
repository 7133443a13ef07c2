using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Rlhf.Messaging;

/// <summary>Runs one <see cref="QueueConsumer"/> a queue for as long as the process lives.</summary>
internal sealed class MessageConsumerService(
    IEnumerable<MessageSubscription> subscriptions,
    IServiceProvider services,
    IConnection connection,
    MessagePublisher publisher,
    IOptions<MessagingOptions> options,
    ILoggerFactory loggers) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var logger = loggers.CreateLogger<QueueConsumer>();
        return Task.WhenAll(subscriptions
            .GroupBy(subscription => subscription.Queue)
            .Select(queue => new QueueConsumer(queue.Key, [.. queue], services, connection, publisher, options.Value, logger)
                .RunAsync(stoppingToken)));
    }
}
