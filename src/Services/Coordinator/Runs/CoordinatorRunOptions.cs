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

    /// <summary>
    /// Names one life of the whole system. A process that is started with the name that the one before it had takes the place of one that
    /// died, and goes on with its run in place of starting one; without a name, every process starts as configured.
    /// </summary>
    [StringLength(64)]
    [RegularExpression("[0-9A-Za-z-]*", ErrorMessage = "Run:Session may have letters, digits and '-'.")]
    public string Session { get; init; } = "";
}
