namespace Rlhf.Coordinator.Ledger;

/// <summary>A pair given to a labeller for a while.</summary>
internal sealed class LeaseRow
{
    /// <summary>Random: who does not have it can't guess it.</summary>
    public required string LeaseId { get; init; }

    public required string PairId { get; init; }

    public required string RunId { get; init; }

    public required string Stage { get; init; }

    public required string LabellerId { get; init; }

    /// <summary>Whether answer A is shown first.</summary>
    public required bool IsAFirst { get; init; }

    /// <summary>The labeller has labelled this pair before; only their consistency is asked.</summary>
    public required bool IsRepeat { get; init; }

    /// <summary>SHA-256 of the guidelines as they were when the pair was given.</summary>
    public required string GuidelinesHash { get; init; }

    /// <summary>The undone lease in whose place this one stands; null for a pair that was chosen.</summary>
    public required string? ReplacesLeaseId { get; init; }

    public required long GivenUnixMs { get; init; }

    public required long ExpiresUnixMs { get; set; }

    public LeaseState State { get; set; }
}
