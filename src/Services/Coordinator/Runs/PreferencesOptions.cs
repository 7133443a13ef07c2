using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Runs;

/// <summary>AI preferences: the judge compares pairs of answers to the same prompt.</summary>
internal sealed record PreferencesOptions : StageOptions
{
    /// <summary>How many pairs, spread evenly over the prompts, at most.</summary>
    [Range(1, 10_000_000)]
    public int Comparisons { get; init; } = 2000;

    /// <summary>The judge's language model: a version id, or "base".</summary>
    [Required]
    public string JudgeVersion { get; init; } = "base";
}
