using System.ComponentModel.DataAnnotations;
using Rlhf.Learner.Settings;

namespace Rlhf.Learner.CommandLine.Configuration;

/// <summary>The config of <c>train ppo</c>.</summary>
internal sealed record PpoConfig : TrainingConfig
{
    /// <summary>Prompts, as plain texts to continue.</summary>
    public string[] Prompts { get; init; } = [];

    /// <summary>Files of prompts.</summary>
    public DataSource[] Data { get; init; } = [];

    /// <summary>What scores the responses.</summary>
    public RewardSource Reward { get; init; } = new();

    /// <summary>Responses of the baseline that are scored before the training; their mean becomes 0 and their spread 1.</summary>
    [Range(2, 65536)]
    public int BaselineResponses { get; init; } = 256;

    /// <summary>How it is trained.</summary>
    public PpoSettings Settings { get; init; } = new();

    /// <inheritdoc/>
    public override object MethodSettings() => Settings;

    /// <inheritdoc/>
    public override TrainingConfig Resolve(string folder) => (PpoConfig)base.Resolve(folder) with
    {
        Data = [.. Data.Select(source => source with { File = Absolute(folder, source.File) })],
        Reward = Reward with { Model = Absolute(folder, Reward.Model) },
    };

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var fault in base.Validate(validationContext))
        {
            yield return fault;
        }

        if (Prompts.Length + Data.Length == 0)
        {
            yield return new ValidationResult("there are no prompts; list texts here, or files under data", [nameof(Prompts)]);
        }

        if (Prompts.Any(string.IsNullOrWhiteSpace))
        {
            yield return new ValidationResult("a prompt is empty", [nameof(Prompts)]);
        }

        if (Data.Any(source => source.HeldOut))
        {
            yield return new ValidationResult("files of prompts can't be held out: nothing is measured on them", [nameof(Data)]);
        }
    }
}
