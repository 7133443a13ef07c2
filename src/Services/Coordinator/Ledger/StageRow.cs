namespace Rlhf.Coordinator.Ledger;

/// <summary>A stage of a run and its progress.</summary>
internal sealed class StageRow
{
    public required string RunId { get; init; }

    public required string Name { get; init; }

    public required int Position { get; init; }

    public StageStatus Status { get; set; }

    public long Done { get; set; }

    public long Wanted { get; set; }

    /// <summary>Items that ended in an error; they count as done too.</summary>
    public long Refused { get; set; }

    /// <summary>Refused items by reason, as JSON.</summary>
    public string RefusedByReason { get; set; } = "{}";

    public double Seconds { get; set; }

    public string Unit { get; set; } = "items";

    public string Detail { get; set; } = "";

    /// <summary>The version this stage published, if it publishes one.</summary>
    public string? PublishedVersion { get; set; }

    /// <summary>Final figures by name, as JSON.</summary>
    public string Results { get; set; } = "{}";

    /// <summary>Failed attempts before this one: a job's id must be new for a new attempt.</summary>
    public int FailedAttempts { get; set; }
}
