namespace Rlhf.Coordinator.Ledger;

/// <summary>A stage's request for people's labels, and how far they are.</summary>
internal sealed class LabellingRow
{
    public required string RunId { get; init; }

    public required string Stage { get; init; }

    /// <summary>What is drawn for its leases is drawn from this.</summary>
    public required long Seed { get; init; }

    /// <summary>Labels that are to count.</summary>
    public required int Wanted { get; init; }

    /// <summary>How long a pair is kept for whoever was given it.</summary>
    public required int LeaseSeconds { get; init; }

    /// <summary>Share of leases that show a labeller a pair again.</summary>
    public required double RepeatShare { get; init; }

    /// <summary>Pairs whose order the labels so far leave uncertain come first.</summary>
    public required bool PrefersUncertain { get; init; }

    public required long OpenedUnixMs { get; init; }

    /// <summary>Labels that count so far.</summary>
    public int Done { get; set; }

    /// <summary>Pairs that are withheld because somebody flagged them.</summary>
    public int Flagged { get; set; }

    /// <summary>Labels of any kind so far, undone ones included: the next one's number.</summary>
    public long Labels { get; set; }

    public LabellingState State { get; set; }

    /// <summary>The lead who ended it before its goal was met; null otherwise.</summary>
    public string? EndedBy { get; set; }
}
