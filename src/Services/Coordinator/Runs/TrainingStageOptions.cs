using System.ComponentModel.DataAnnotations;
using Rlhf.V1;

namespace Rlhf.Coordinator.Runs;

/// <summary>Options of every stage that trains: how the Learner computes.</summary>
internal abstract record TrainingStageOptions : StageOptions
{
    /// <summary>"float32" or "bfloat16": in which numbers the blocks' linear layers are computed while training. Weights are float32 with both.</summary>
    [AllowedValues("float32", "bfloat16")]
    public string Precision { get; init; } = "float32";

    /// <summary>Less memory for one more forward pass a step, with the same numbers.</summary>
    public bool RecomputeActivations { get; init; }

    /// <summary>The precision as the Learner takes it.</summary>
    public Precision RequestedPrecision => Precision == "bfloat16" ? V1.Precision.Bfloat16 : V1.Precision.Float32;
}
