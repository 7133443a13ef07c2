namespace Rlhf.Coordinator.Ledger;

/// <summary>A text of the guidelines that labels were given under.</summary>
internal sealed class GuidelinesRow
{
    /// <summary>SHA-256 of the text, in hex.</summary>
    public required string Hash { get; init; }

    public required string Text { get; init; }
}
