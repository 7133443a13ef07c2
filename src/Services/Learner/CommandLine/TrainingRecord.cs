using System.Text.Json.Nodes;
using Rlhf.PolicyOptimization;

namespace Rlhf.Learner.CommandLine;

/// <summary>What made a folder: training.json, written last, so that a folder that has it is whole.</summary>
internal sealed record TrainingRecord
{
    /// <summary>The file's name.</summary>
    public const string FileName = "training.json";

    /// <summary>"sft", "reward", "ppo" or "dpo".</summary>
    public required string Method { get; init; }

    /// <summary>Of this program.</summary>
    public required string SoftwareVersion { get; init; }

    /// <summary>When the training was started that finished it.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>When it ended.</summary>
    public required DateTimeOffset Finished { get; init; }

    /// <summary>The config with all defaults filled in; a config file itself.</summary>
    public required JsonNode? Config { get; init; }

    /// <summary>SHA-256 of the files of the model that it started from, by name.</summary>
    public required IReadOnlyDictionary<string, string> ModelFiles { get; init; }

    /// <summary>Of the tokenizer; token ids mean something only together with it.</summary>
    public required string TokenizerHash { get; init; }

    /// <summary>The data files.</summary>
    public required IReadOnlyList<DataRecord> Data { get; init; }

    /// <summary>The final figures.</summary>
    public required IReadOnlyDictionary<string, double> Results { get; init; }

    /// <summary>Mean and spread of a reward model's scores of the responses in its data, or of a reward's over the baseline's responses.</summary>
    public Standardisation? Normalisation { get; init; }

    /// <summary>The same of each head by its name, where a reward model has one for each source; its score is the mean of the standardised heads.</summary>
    public IReadOnlyDictionary<string, Standardisation>? Heads { get; init; }
}
