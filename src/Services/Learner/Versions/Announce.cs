using Google.Protobuf;

namespace Rlhf.Learner.Versions;

/// <summary>Publishes a message under a routing key; in the service, <see cref="Messaging.MessagePublisher.PublishAsync"/>.</summary>
internal delegate Task Announce(string routingKey, string messageId, IMessage message, CancellationToken cancellationToken);
