using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Runs;

/// <summary>Preferences between answers to the same prompt, by the judge or by people.</summary>
internal sealed record PreferencesOptions : StageOptions
{
    /// <summary>"judge", "people" or "mixed".</summary>
    public ComparedBy By { get; init; } = ComparedBy.Judge;

    /// <summary>How many pairs the judge compares, spread evenly over the prompts, at most.</summary>
    [Range(1, 10_000_000)]
    public int Comparisons { get; init; } = 2000;

    /// <summary>The judge's language model: a version id, or "base".</summary>
    [Required]
    public string JudgeVersion { get; init; } = "base";

    /// <summary>How many labels of people the stage waits for, skips, flags and repeats not counted.</summary>
    [Range(2, 10_000_000)]
    public int Labels { get; init; } = 500;

    /// <summary>Share of the pairs that two people label, so that their agreement can be known.</summary>
    [Range(0, 1)]
    public double OverlapShare { get; init; } = 0.1;

    /// <summary>Share of pairs shown to a labeller again, so that their consistency can be known; not trained on.</summary>
    [Range(0, 0.5)]
    public double RepeatShare { get; init; } = 0.05;

    /// <summary>Share of the pairs labelled by people that the judge compares too, so that their agreement can be known; not trained on.</summary>
    [Range(0, 1)]
    public double JudgeShare { get; init; } = 0.2;

    /// <summary>"spread" or "uncertain".</summary>
    public PairOrder Order { get; init; } = PairOrder.Spread;

    /// <summary>After so many minutes a pair that somebody left behind goes to somebody else.</summary>
    [Range(1, 24 * 60)]
    public int LeaseMinutes { get; init; } = 15;
}
