namespace Rlhf.Coordinator.Ledger;

/// <summary>A preference between two responses, by a judge or by a person, with all that is needed to check it.</summary>
internal sealed class ComparisonRow
{
    /// <summary>A judge's: the message's id. A person's: the pair's id, '/', the labeller.</summary>
    public required string MessageId { get; init; }

    public required string RunId { get; init; }

    public required string Stage { get; init; }

    public required string PromptId { get; init; }

    public required string ResponseAId { get; init; }

    public required string ResponseBId { get; init; }

    /// <summary>Probability that A is better: a judge's mean of the two orders, or what a person's verdict stands for.</summary>
    public required double PreferenceA { get; init; }

    /// <summary>Who compared, where that was a person or a labelling program; null for a judge. Their label has the rest.</summary>
    public string? LabellerId { get; init; }

    /// <summary>A judge's P(first option) with A first; null for a person's comparison, as all that follow.</summary>
    public double? ProbabilityAFirst { get; init; }

    public double? ProbabilityASecond { get; init; }

    public bool? SamePosition { get; init; }

    public string? PrincipleId { get; init; }

    public string? JudgeVersion { get; init; }

    public string? TemplateHash { get; init; }

    public long? Seed { get; init; }
}
