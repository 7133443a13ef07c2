namespace Rlhf.Coordinator.Ledger;

/// <summary>A run. Its definition is kept as text, so that it goes on as it was begun.</summary>
internal sealed class RunRow
{
    public required string RunId { get; init; }

    public required string Name { get; init; }

    public required long Seed { get; init; }

    /// <summary>The run file, with every option written out.</summary>
    public required string Definition { get; init; }

    public RunStatus Status { get; set; }

    public string? Error { get; set; }

    public required long CreatedUnixMs { get; init; }

    /// <summary>Time in work, pauses and stand-stills between processes left out.</summary>
    public double Seconds { get; set; }

    /// <summary>Bad lines and other remarks about the prompts, as JSON.</summary>
    public string PromptReport { get; set; } = "{}";
}
