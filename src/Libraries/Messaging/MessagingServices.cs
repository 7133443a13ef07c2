using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Rlhf.Messaging;

/// <summary>Registration of publisher and consumers. They use the <c>IConnection</c> that the container holds.</summary>
public static class MessagingServices
{
    /// <summary>Adds <see cref="MessagePublisher"/>. The consumer registrations below include it.</summary>
    /// <param name="services">The container.</param>
    public static IServiceCollection AddMessagePublisher(this IServiceCollection services)
    {
        services.TryAddSingleton<MessagePublisher>();
        return services;
    }

    /// <summary>
    /// Handles the messages of a durable queue, shared with every other process that consumes it.
    /// Several message types of one queue are several calls; the highest prefetch counts for the whole queue.
    /// </summary>
    /// <typeparam name="TMessage">The body.</typeparam>
    /// <typeparam name="THandler">A singleton; registered here when the container has none.</typeparam>
    /// <param name="services">The container.</param>
    /// <param name="queue">One of <see cref="QueueNames"/>, or a queue of your own.</param>
    /// <param name="routingKey">One of <see cref="RoutingKeys"/>; the queue is bound to it.</param>
    /// <param name="prefetch">Messages in work at a time, at least 1.</param>
    public static IServiceCollection AddMessageConsumer<TMessage, THandler>(
        this IServiceCollection services, string queue, string routingKey, ushort prefetch)
        where TMessage : class, IMessage<TMessage>, new()
        where THandler : class, IMessageHandler<TMessage>
    {
        ArgumentException.ThrowIfNullOrEmpty(queue);
        return services.AddSubscription<TMessage, THandler>(queue, routingKey, prefetch);
    }

    /// <summary>
    /// Gives every message of a key to this process, whoever else gets it too. The queue lives as long as the connection:
    /// messages published while this process is away are missed, so they must be hints to something that can also be asked for.
    /// A message whose handler fails is tried again in place, then dropped with the reason in the log.
    /// </summary>
    /// <typeparam name="TMessage">The body.</typeparam>
    /// <typeparam name="THandler">A singleton; registered here when the container has none.</typeparam>
    /// <param name="services">The container.</param>
    /// <param name="routingKey">One of <see cref="RoutingKeys"/>.</param>
    public static IServiceCollection AddFanOutConsumer<TMessage, THandler>(this IServiceCollection services, string routingKey)
        where TMessage : class, IMessage<TMessage>, new()
        where THandler : class, IMessageHandler<TMessage> =>
        services.AddSubscription<TMessage, THandler>(queue: null, routingKey, prefetch: 4);

    private static IServiceCollection AddSubscription<TMessage, THandler>(
        this IServiceCollection services, string? queue, string routingKey, ushort prefetch)
        where TMessage : class, IMessage<TMessage>, new()
        where THandler : class, IMessageHandler<TMessage>
    {
        ArgumentException.ThrowIfNullOrEmpty(routingKey);
        ArgumentOutOfRangeException.ThrowIfZero(prefetch);

        services.AddMessagePublisher();
        services.TryAddSingleton<THandler>();
        services.AddOptions<MessagingOptions>()
            .BindConfiguration(MessagingOptions.Section, binder => binder.ErrorOnUnknownConfiguration = true)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddHostedService<MessageConsumerService>();

        var parser = new MessageParser<TMessage>(() => new TMessage());
        services.AddSingleton(new MessageSubscription(
            queue, routingKey, prefetch, new TMessage().Descriptor.FullName,
            body => parser.ParseFrom(body.Span),
            (provider, message, cancellationToken) =>
                provider.GetRequiredService<THandler>().HandleAsync((TMessage)message, cancellationToken)));
        return services;
    }
}
