namespace Rlhf.Coordinator.Ledger;

/// <summary>A preference between two responses, with all that is needed to check it.</summary>
internal sealed class ComparisonRow
{
    public required string MessageId { get; init; }

    public required string RunId { get; init; }

    public required string Stage { get; init; }

    public required string PromptId { get; init; }

    public required string ResponseAId { get; init; }

    public required string ResponseBId { get; init; }

    /// <summary>Probability that A is better: the mean of the two orders.</summary>
    public required double PreferenceA { get; init; }

    public required double ProbabilityAFirst { get; init; }

    public required double ProbabilityASecond { get; init; }

    public required bool SamePosition { get; init; }

    public required string PrincipleId { get; init; }

    public required string JudgeVersion { get; init; }

    public required string TemplateHash { get; init; }

    public required long Seed { get; init; }
}
