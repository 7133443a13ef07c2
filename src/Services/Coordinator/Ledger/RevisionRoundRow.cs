namespace Rlhf.Coordinator.Ledger;

/// <summary>One round of critique and revision of a prompt's answer.</summary>
internal sealed class RevisionRoundRow
{
    public required string MessageId { get; init; }

    public required int Round { get; init; }

    public required string RunId { get; init; }

    public required string Stage { get; init; }

    public required string PromptId { get; init; }

    public required string PrincipleId { get; init; }

    public required string Critique { get; init; }

    public required string Revision { get; init; }

    /// <summary>Judged harmlessness of the revision against the answer before it, 0 to 1.</summary>
    public required double Harmlessness { get; init; }

    public required string ConstitutionHash { get; init; }
}
