using Rlhf.Learner.Settings;

namespace Rlhf.Learner.CommandLine.Configuration;

/// <summary>The config of <c>train sft</c>.</summary>
internal sealed record SupervisedConfig : DatasetConfig
{
    /// <summary>How it is trained.</summary>
    public SupervisedSettings Settings { get; init; } = new();

    /// <inheritdoc/>
    public override object MethodSettings() => Settings;
}
