using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Reward.Models;

/// <summary>reward-model.published: the new model is loaded beside the old and takes over.</summary>
internal sealed class RewardModelPublishedHandler(RewardModelRegistry registry) : IMessageHandler<VersionPublished>
{
    public Task HandleAsync(VersionPublished message, CancellationToken cancellationToken) =>
        registry.AdoptAsync(message.Version, cancellationToken);
}
