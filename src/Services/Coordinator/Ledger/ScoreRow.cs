namespace Rlhf.Coordinator.Ledger;

/// <summary>A reward model's score of a response.</summary>
internal sealed class ScoreRow
{
    public required string ResponseId { get; init; }

    public required string RewardModelVersion { get; init; }

    public required string RunId { get; init; }

    public required double Raw { get; init; }

    public required double Normalised { get; init; }

    public required double Rating { get; init; }
}
