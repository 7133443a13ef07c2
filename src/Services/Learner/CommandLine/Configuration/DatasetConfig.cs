using System.ComponentModel.DataAnnotations;

namespace Rlhf.Learner.CommandLine.Configuration;

/// <summary>A config of a method that trains on files.</summary>
internal abstract record DatasetConfig : TrainingConfig
{
    /// <summary>The files; at least one to train on.</summary>
    [MinLength(1, ErrorMessage = "Data is missing; list at least one file to train on.")]
    public DataSource[] Data { get; init; } = [];

    /// <inheritdoc/>
    public override TrainingConfig Resolve(string folder) => (DatasetConfig)base.Resolve(folder) with
    {
        Data = [.. Data.Select(source => source with { File = Absolute(folder, source.File) })],
    };

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Data.All(source => source.HeldOut)
            ? base.Validate(validationContext).Append(new ValidationResult("all files are held out; one is needed to train on", [nameof(Data)]))
            : base.Validate(validationContext);
}
