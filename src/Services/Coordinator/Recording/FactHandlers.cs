using Rlhf.Coordinator.Ledger;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Coordinator.Recording;

/// <summary>Writes the facts of the queue down; each is acknowledged after its commit.</summary>
internal sealed class FactHandlers(LedgerWriter ledger) :
    IMessageHandler<RevisionCompleted>,
    IMessageHandler<RolloutGenerated>,
    IMessageHandler<RolloutScored>,
    IMessageHandler<PreferenceRecorded>
{
    public Task HandleAsync(RevisionCompleted message, CancellationToken cancellationToken) =>
        ledger.RecordAsync(LedgerFacts.Of(message), cancellationToken);

    public Task HandleAsync(RolloutGenerated message, CancellationToken cancellationToken) =>
        ledger.RecordAsync(LedgerFacts.Of(message), cancellationToken);

    public Task HandleAsync(RolloutScored message, CancellationToken cancellationToken) =>
        ledger.RecordAsync(LedgerFacts.Of(message), cancellationToken);

    public Task HandleAsync(PreferenceRecorded message, CancellationToken cancellationToken) =>
        ledger.RecordAsync(LedgerFacts.Of(message), cancellationToken);
}
