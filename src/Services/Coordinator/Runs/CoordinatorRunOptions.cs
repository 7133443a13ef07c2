using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Runs;

/// <summary>The run that starts by itself. Configuration section "Run".</summary>
internal sealed record CoordinatorRunOptions
{
    /// <summary>"none", a built-in run's name ("rlaif", "rlhf", "mixed"), or the path of a run file.</summary>
    [Required]
    public string Definition { get; init; } = "none";

    /// <summary>Everything random is drawn from it.</summary>
    [Range(0, long.MaxValue >> 11)]
    public long Seed { get; init; } = 1;

    /// <summary>A prompt file in place of the embedded prompts.</summary>
    public string? PromptsPath { get; init; }

    /// <summary>Go on with the newest run that did not end well, instead of starting a new one.</summary>
    public bool Resume { get; init; }
}
