using System.ComponentModel.DataAnnotations;
using Rlhf.DataFiles;

namespace Rlhf.Coordinator.Runs;

/// <summary>Preferences between answers to the same prompt, by the judge or by people, or those that somebody has already.</summary>
internal sealed record PreferencesOptions : StageOptions, IValidatableObject
{
    /// <summary>"judge", "people", "mixed", "file" or "import".</summary>
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

    /// <summary>With "by: file", the preference file in TRL's or HH-RLHF's form, from the run file's folder.</summary>
    public string? File { get; init; }

    /// <summary>With "by: import", the run under which a file was imported.</summary>
    public string? Import { get; init; }

    /// <summary>Rows of the file that may be unusable before the run is refused: a share such as "5%", or a number.</summary>
    [Required]
    public string MaxBadRows { get; init; } = BadRowLimit.Default.ToString();

    /// <summary>Whether the comparisons come from a file, and nobody compares.</summary>
    public bool IsImported => By is ComparedBy.File or ComparedBy.Import;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (by, name, value) in new[] { (ComparedBy.File, "file", File), (ComparedBy.Import, "import", Import) })
        {
            if (By == by == string.IsNullOrWhiteSpace(value))
            {
                yield return new ValidationResult(By == by ? $"'by: {name}' needs '{name}'" : $"'{name}' needs 'by: {name}'");
            }
        }

        if (LimitComplaint() is { } complaint)
        {
            yield return new ValidationResult(complaint);
        }
    }

    private string? LimitComplaint()
    {
        try
        {
            BadRowLimit.Parse(MaxBadRows);
            return null;
        }
        catch (FormatException exception)
        {
            return exception.Message;
        }
    }
}
