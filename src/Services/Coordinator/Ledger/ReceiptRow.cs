namespace Rlhf.Coordinator.Ledger;

/// <summary>
/// A message from a queue that the ledger has taken in. Its unique key is what makes a message that comes twice count once,
/// and the receipts of a stage are its progress.
/// </summary>
internal sealed class ReceiptRow
{
    /// <summary>Routing key, ' ', message id.</summary>
    public required string Key { get; init; }

    public required string MessageId { get; init; }

    public required string RunId { get; init; }

    public required string Stage { get; init; }

    /// <summary>Nothing more is to come for this message id.</summary>
    public required bool IsFinal { get; init; }

    /// <summary>Why the item has no result: an error code's name, a colon and a sentence; null when it has one.</summary>
    public required string? Error { get; init; }
}
