using System.ComponentModel.DataAnnotations;
using Rlhf.Learner.Settings;
using Rlhf.V1;

namespace Rlhf.Learner.CommandLine.Configuration;

/// <summary>The config of <c>train reward</c>.</summary>
internal sealed record RewardModelConfig : DatasetConfig
{
    /// <summary>How it is trained; on pairs, since files of preferences hold no ratings.</summary>
    public RewardModelSettings Settings { get; init; } = new() { Loss = RewardLoss.Pairwise };

    /// <inheritdoc/>
    public override object MethodSettings() => Settings;

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Settings.Loss == RewardLoss.Pairwise
            ? base.Validate(validationContext)
            : base.Validate(validationContext).Append(new ValidationResult("its loss must be pairwise: files of preferences hold no ratings", [nameof(Settings)]));
}
