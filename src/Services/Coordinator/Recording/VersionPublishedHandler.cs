using Rlhf.Coordinator.Ledger;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Coordinator.Recording;

/// <summary>Writes published versions down, policies and reward models alike.</summary>
internal sealed class VersionPublishedHandler(LedgerWriter ledger) : IMessageHandler<VersionPublished>
{
    public Task HandleAsync(VersionPublished message, CancellationToken cancellationToken) => ledger.RecordAsync(
        LedgerFacts.Of(message, message.Version.Kind == VersionKind.RewardModel ? RoutingKeys.RewardModelPublished : RoutingKeys.PolicyPublished),
        cancellationToken);
}
