using System.ComponentModel.DataAnnotations;
using Rlhf.DataFiles;
using Rlhf.Learner.Checkpoints;

namespace Rlhf.Learner.CommandLine.Configuration;

/// <summary>What a config file of any method says. Paths are relative to the file's folder.</summary>
internal abstract record TrainingConfig : IValidatableObject
{
    /// <summary>The model to start from: a folder in Hugging Face layout.</summary>
    [Required(ErrorMessage = "Model is missing; give the folder of a language model in Hugging Face layout.")]
    public string Model { get; init; } = "";

    /// <summary>Where the result goes: a folder that is not there yet, is empty, or holds an interrupted training of the same config.</summary>
    [Required(ErrorMessage = "Output is missing; give a folder for the result.")]
    public string Output { get; init; } = "";

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads that compute; 0 takes one for each core.</summary>
    [Range(0, 256)]
    public int Threads { get; init; }

    /// <summary>How many rows of a data file may be unusable: a share such as 5%, or a number.</summary>
    public string MaxBadRows { get; init; } = BadRowLimit.Default.ToString();

    /// <summary>Whether event files for TensorBoard and steps.jsonl are written.</summary>
    public bool StepLogs { get; init; } = true;

    /// <summary>How often the training is made safe against a kill. Of PPO's steps only the newest are kept: here they are not replayed.</summary>
    public CheckpointOptions Checkpoints { get; init; } = new() { KeepEverySteps = 0 };

    /// <summary>The method's own settings.</summary>
    public abstract object MethodSettings();

    /// <summary>The same with absolute paths.</summary>
    /// <param name="folder">The config file's.</param>
    public virtual TrainingConfig Resolve(string folder) => this with { Model = Absolute(folder, Model), Output = Absolute(folder, Output) };

    /// <summary>What can be wrong beside ranges.</summary>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Directory.Exists(Model))
        {
            yield return new ValidationResult($"there is no folder '{Model}'", [nameof(Model)]);
        }

        if (File.Exists(Output))
        {
            yield return new ValidationResult($"'{Output}' is a file", [nameof(Output)]);
        }

        if (Complaint(() => BadRowLimit.Parse(MaxBadRows)) is { } complaint)
        {
            yield return new ValidationResult(complaint, [nameof(MaxBadRows)]);
        }
    }

    /// <summary>A path as seen from a folder; an empty one stays empty.</summary>
    protected static string Absolute(string folder, string path) => path.Length == 0 ? path : Path.GetFullPath(path, folder);

    private static string? Complaint(Action parse)
    {
        try
        {
            parse();
            return null;
        }
        catch (FormatException exception)
        {
            return exception.Message;
        }
    }
}
