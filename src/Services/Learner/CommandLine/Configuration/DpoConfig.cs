using Rlhf.Learner.Settings;

namespace Rlhf.Learner.CommandLine.Configuration;

/// <summary>The config of <c>train dpo</c>.</summary>
internal sealed record DpoConfig : DatasetConfig
{
    /// <summary>How it is trained.</summary>
    public DpoSettings Settings { get; init; } = new();

    /// <inheritdoc/>
    public override object MethodSettings() => Settings;
}
