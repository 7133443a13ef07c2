namespace Rlhf.Coordinator.Ledger;

/// <summary>One figure of one training step.</summary>
internal sealed class StepMetricRow
{
    public required string RunId { get; init; }

    public required string Stage { get; init; }

    public required long Step { get; init; }

    public required string Name { get; init; }

    public required double Value { get; set; }
}
