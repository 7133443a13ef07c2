using Google.Protobuf;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Rlhf.Messaging;

/// <summary>
/// Publishes to the exchange <see cref="BrokerTopology.Exchange"/> and returns when the broker has the message on disk.
/// Safe for concurrent calls, which share one channel and overlap in waiting for their confirms.
/// </summary>
public sealed partial class MessagePublisher(IConnection connection, ILogger<MessagePublisher> logger) : IAsyncDisposable
{
    internal const string ContentType = "application/x-protobuf";

    // A connection that is lost comes back by itself within seconds; a broker that is gone for longer is an error.
    private const int MaxAttempts = 12;
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(5);

    // The client library's own limiter throws when too many callers wait for it; here they just wait.
    private readonly SemaphoreSlim _outstanding = new(512, 512);
    private readonly SemaphoreSlim _opening = new(1, 1);
    private volatile IChannel? _channel;

    /// <summary>Publishes one message, persistently. Requests must reach a queue; facts may have no listener.</summary>
    /// <param name="routingKey">One of <see cref="RoutingKeys"/>.</param>
    /// <param name="messageId">A function of what the message asks or says. After a lost connection the same message may be published twice under it.</param>
    /// <param name="message">The body.</param>
    /// <param name="cancellationToken">Stops waiting; the message may have been published all the same.</param>
    /// <exception cref="PublishException">The broker refused the message, or a request found no queue.</exception>
    /// <exception cref="OperationInterruptedException">The broker stayed out of reach for about 40 seconds.</exception>
    public Task PublishAsync(string routingKey, string messageId, IMessage message, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(routingKey);
        ArgumentException.ThrowIfNullOrEmpty(messageId);
        ArgumentNullException.ThrowIfNull(message);
        return PublishRawAsync(
            BrokerTopology.Exchange, routingKey, mandatory: RoutingKeys.IsRequest(routingKey),
            () => new BasicProperties
            {
                MessageId = messageId,
                ContentType = ContentType,
                Type = message.Descriptor.FullName,
                DeliveryMode = DeliveryModes.Persistent,
            },
            message.ToByteArray(), cancellationToken);
    }

    /// <summary>Closes the channel.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_channel is { } channel)
        {
            await channel.DisposeAsync();
        }

        _opening.Dispose();
        _outstanding.Dispose();
    }

    // The client library writes trace context and sequence number into the headers: fresh properties for each attempt.
    internal async Task PublishRawAsync(
        string exchange, string routingKey, bool mandatory, Func<BasicProperties> properties, ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken)
    {
        await _outstanding.WaitAsync(cancellationToken);
        try
        {
            await PublishWithRetriesAsync(exchange, routingKey, mandatory, properties, body, cancellationToken);
        }
        finally
        {
            _outstanding.Release();
        }
    }

    private async Task PublishWithRetriesAsync(
        string exchange, string routingKey, bool mandatory, Func<BasicProperties> properties, ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var channel = await OpenChannelAsync(cancellationToken);
                await channel.BasicPublishAsync(exchange, routingKey, mandatory, properties(), body, cancellationToken);
                return;
            }
            catch (OperationInterruptedException exception) when (attempt < MaxAttempts)
            {
                // Also AlreadyClosedException: the connection or the channel is down, and recovery is under way.
                LogPublishRetried(logger, routingKey, attempt, exception.Message);
            }

            var delay = FirstRetryDelay * Math.Pow(2, attempt - 1);
            await Task.Delay(delay < MaxRetryDelay ? delay : MaxRetryDelay, cancellationToken);
        }
    }

    private async Task<IChannel> OpenChannelAsync(CancellationToken cancellationToken)
    {
        if (_channel is { IsOpen: true } open)
        {
            return open;
        }

        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_channel is { IsOpen: true } openedMeanwhile)
            {
                return openedMeanwhile;
            }

            if (_channel is { } closed)
            {
                _channel = null;
                await closed.DisposeAsync();
            }

            var channel = await connection.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
                cancellationToken);
            await BrokerTopology.DeclareAllAsync(channel, cancellationToken);
            return _channel = channel;
        }
        finally
        {
            _opening.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Publishing {RoutingKey} failed at attempt {Attempt} and is tried again: {Reason}")]
    private static partial void LogPublishRetried(ILogger logger, string routingKey, int attempt, string reason);
}
