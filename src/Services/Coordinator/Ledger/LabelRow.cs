using Rlhf.Coordinator.Feedback;

namespace Rlhf.Coordinator.Ledger;

/// <summary>What a labeller said about a pair, and how it came about. A lease has one label at most.</summary>
internal sealed class LabelRow
{
    public required string LeaseId { get; init; }

    public required string PairId { get; init; }

    public required string RunId { get; init; }

    public required string Stage { get; init; }

    /// <summary>Order in which the stage's labels came.</summary>
    public required long Number { get; init; }

    public required string PromptId { get; init; }

    public required string LabellerId { get; init; }

    /// <summary>A program said it, not a person.</summary>
    public required bool IsProgram { get; init; }

    /// <summary>Whether answer A was shown first.</summary>
    public required bool IsAFirst { get; init; }

    /// <summary>As given, about the order that was shown.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>1 to 4; 0 where the verdict names no answer.</summary>
    public required int Strength { get; init; }

    public required string Reason { get; init; }

    /// <summary>Probability that A is better, by the table of <see cref="PreferenceScale"/>; null for a skip or a flag.</summary>
    public required double? PreferenceA { get; init; }

    /// <summary>Shown again to the same labeller: measured, not trained on.</summary>
    public required bool IsRepeat { get; init; }

    /// <summary>Whether it is part of the stage's goal and of the training data.</summary>
    public required bool IsCounted { get; init; }

    /// <summary>Time at work on it, as the labeller's page or program measured it.</summary>
    public required long ElapsedMs { get; init; }

    public required long GivenUnixMs { get; init; }

    public required long SubmittedUnixMs { get; init; }

    /// <summary>SHA-256 of the guidelines that were shown.</summary>
    public required string GuidelinesHash { get; init; }

    /// <summary>When its labeller took it back; null where it stands.</summary>
    public long? UndoneUnixMs { get; set; }
}
