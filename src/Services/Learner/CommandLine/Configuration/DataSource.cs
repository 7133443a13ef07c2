using System.ComponentModel.DataAnnotations;

namespace Rlhf.Learner.CommandLine.Configuration;

/// <summary>One data file of a mixture.</summary>
internal sealed record DataSource : IValidatableObject
{
    /// <summary>JSON lines, plain or gzipped.</summary>
    [Required(ErrorMessage = "File is missing; name a file of JSON lines.")]
    public string File { get; init; } = "";

    /// <summary>What it is called in results, such as helpful or harmless.</summary>
    public string Kind { get; init; } = "";

    /// <summary>How often an epoch has each row: 2 is twice, 0.5 is a half of the rows, drawn by the seed.</summary>
    [Range(0.001, 1000.0)]
    public double Weight { get; init; } = 1;

    /// <summary>Whether the file is only measured on.</summary>
    public bool HeldOut { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!System.IO.File.Exists(File))
        {
            yield return new ValidationResult($"there is no file '{File}'", [nameof(File)]);
        }
    }
}
