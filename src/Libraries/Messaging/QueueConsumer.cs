using Google.Protobuf;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Rlhf.Messaging;

/// <summary>
/// Consumes one queue: up to prefetch handlers at a time, an acknowledgement after the handler has finished,
/// another delivery after a failure, a dead letter with the reason after too many of them or for a body that can't be read.
/// </summary>
internal sealed partial class QueueConsumer(
    string? queue,
    IReadOnlyList<MessageSubscription> subscriptions,
    IServiceProvider services,
    IConnection connection,
    MessagePublisher publisher,
    MessagingOptions options,
    ILogger logger)
{
    // The client library recovers a lost connection; a channel that the broker closed for another reason is ours to reopen.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(2);
    private const int FailedChecksBeforeReopening = 3;
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(10);

    private readonly ushort _prefetch = subscriptions.Max(subscription => subscription.Prefetch);
    private readonly Dictionary<string, MessageSubscription> _byRoutingKey =
        subscriptions.ToDictionary(subscription => subscription.RoutingKey);
    private int _inWork;

    private string Name => queue ?? "fan-out of " + string.Join(", ", _byRoutingKey.Keys);

    public async Task RunAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (OperationInterruptedException exception)
            {
                LogInterrupted(logger, Name, exception.Message);
                await Task.Delay(CheckInterval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Returns when the channel is lost for good, throws when the process stops.</summary>
    private async Task ConsumeAsync(CancellationToken stoppingToken)
    {
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(false, false, consumerDispatchConcurrency: _prefetch), stoppingToken);
        await channel.BasicQosAsync(0, _prefetch, global: false, stoppingToken);
        var name = queue;
        if (name is null)
        {
            name = await BrokerTopology.DeclareFanOutQueueAsync(channel, _byRoutingKey.Keys, stoppingToken);
        }
        else
        {
            await BrokerTopology.DeclareQueueAsync(channel, name, _byRoutingKey.Keys, stoppingToken);
        }

        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) => OnReceivedAsync(channel, delivery, stoppingToken);
        var tag = await channel.BasicConsumeAsync(name, autoAck: false, consumer, stoppingToken);
        LogConsuming(logger, Name, _prefetch);

        try
        {
            for (var failedChecks = 0; failedChecks < FailedChecksBeforeReopening;)
            {
                await Task.Delay(CheckInterval, stoppingToken);
                failedChecks = connection.IsOpen && !consumer.IsRunning ? failedChecks + 1 : 0;
            }

            LogInterrupted(logger, Name, channel.CloseReason?.ReplyText ?? "the broker cancelled the consumer");
        }
        catch (OperationCanceledException) when (channel.IsOpen)
        {
            await channel.BasicCancelAsync(tag, cancellationToken: CancellationToken.None);
            await FinishWorkAsync();
            throw;
        }
    }

    /// <summary>Handlers see the stopping token too; those that ignore it get a while, then their messages return to the queue.</summary>
    private async Task FinishWorkAsync()
    {
        var deadline = DateTime.UtcNow + ShutdownTimeout;
        while (Volatile.Read(ref _inWork) > 0 && DateTime.UtcNow < deadline)
        {
            await Task.Delay(20);
        }
    }

    private async Task OnReceivedAsync(IChannel channel, BasicDeliverEventArgs delivery, CancellationToken stoppingToken)
    {
        Interlocked.Increment(ref _inWork);
        try
        {
            // The body's memory is the client library's: parsed here, before anything is awaited.
            if (!TryRead(delivery, out var subscription, out var message, out var unreadable))
            {
                LogUnreadable(logger, Name, delivery.RoutingKey, delivery.BasicProperties.MessageId ?? "", unreadable);
                await DeadLetterAsync(channel, delivery, delivery.Body.ToArray(), unreadable, stoppingToken);
                return;
            }

            await HandleAsync(channel, delivery, subscription, message, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Not acknowledged: it returns to the queue with the channel.
        }
        catch (OperationInterruptedException exception)
        {
            // The acknowledgement was lost with the channel: the broker delivers again.
            LogInterrupted(logger, Name, exception.Message);
        }
        finally
        {
            Interlocked.Decrement(ref _inWork);
        }
    }

    private async Task HandleAsync(
        IChannel channel, BasicDeliverEventArgs delivery, MessageSubscription subscription, IMessage message, CancellationToken stoppingToken)
    {
        var id = delivery.BasicProperties.MessageId ?? "";
        for (var attempt = EarlierDeliveries(delivery) + 1; ; attempt++)
        {
            try
            {
                await subscription.HandleAsync(services, message, stoppingToken);
                await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, stoppingToken);
                return;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested && channel.IsOpen)
            {
                if (attempt >= options.MaxAttempts)
                {
                    LogFailed(logger, exception, Name, delivery.RoutingKey, id, attempt);
                    await DeadLetterAsync(
                        channel, delivery, message.ToByteArray(), $"{exception.GetType().Name}: {exception.Message}", stoppingToken);
                    return;
                }

                LogRetried(logger, Name, delivery.RoutingKey, id, attempt, exception.Message);
            }

            await Task.Delay(options.DelayAfter(attempt), stoppingToken);
            if (queue is not null)
            {
                await channel.BasicNackAsync(delivery.DeliveryTag, multiple: false, requeue: true, stoppingToken);
                return;
            }
        }
    }

    private bool TryRead(
        BasicDeliverEventArgs delivery,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out MessageSubscription? subscription,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IMessage? message,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? unreadable)
    {
        message = null;
        var type = delivery.BasicProperties.Type;
        if (!_byRoutingKey.TryGetValue(delivery.RoutingKey, out subscription))
        {
            unreadable = $"queue '{Name}' has no handler for routing key '{delivery.RoutingKey}'";
            return false;
        }

        if (!string.IsNullOrEmpty(type) && type != subscription.MessageType)
        {
            unreadable = $"the body is a '{type}', routing key '{delivery.RoutingKey}' carries '{subscription.MessageType}'";
            return false;
        }

        try
        {
            message = subscription.Parse(delivery.Body);
            unreadable = null;
            return true;
        }
        catch (InvalidProtocolBufferException exception)
        {
            unreadable = $"the body is not a '{subscription.MessageType}': {exception.Message}";
            return false;
        }
    }

    // Published and confirmed before the original is acknowledged: a crash in between leaves two copies, never none.
    private async Task DeadLetterAsync(
        IChannel channel, BasicDeliverEventArgs delivery, byte[] body, string reason, CancellationToken cancellationToken)
    {
        if (queue is not null)
        {
            await publisher.PublishRawAsync(
                "", QueueNames.DeadLettersOf(queue), mandatory: true, () => DeadLetterProperties(delivery, reason), body, cancellationToken);
        }

        await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, cancellationToken);
    }

    private static BasicProperties DeadLetterProperties(BasicDeliverEventArgs delivery, string reason) => new()
    {
        MessageId = delivery.BasicProperties.MessageId,
        ContentType = delivery.BasicProperties.ContentType,
        Type = delivery.BasicProperties.Type,
        DeliveryMode = DeliveryModes.Persistent,
        Headers = new Dictionary<string, object?> { ["x-reason"] = reason, ["x-routing-key"] = delivery.RoutingKey },
    };

    // Quorum queues count deliveries; the header is there from the second one on.
    private static int EarlierDeliveries(BasicDeliverEventArgs delivery) =>
        delivery.BasicProperties.Headers?.TryGetValue("x-delivery-count", out var count) == true
            ? Convert.ToInt32(count, System.Globalization.CultureInfo.InvariantCulture)
            : 0;

    [LoggerMessage(Level = LogLevel.Debug, Message = "Consuming {Queue}, {Prefetch} messages at a time")]
    private static partial void LogConsuming(ILogger logger, string queue, int prefetch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Consuming {Queue} was interrupted: {Reason}")]
    private static partial void LogInterrupted(ILogger logger, string queue, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Queue}: {RoutingKey} '{MessageId}' failed at attempt {Attempt} and is delivered again: {Reason}")]
    private static partial void LogRetried(ILogger logger, string queue, string routingKey, string messageId, int attempt, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Queue}: {RoutingKey} '{MessageId}' failed {Attempt} times and is a dead letter now")]
    private static partial void LogFailed(ILogger logger, Exception exception, string queue, string routingKey, string messageId, int attempt);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Queue}: {RoutingKey} '{MessageId}' can't be read and is a dead letter now: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, string queue, string routingKey, string messageId, string reason);
}
