using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Runs;

/// <summary>Base, fine-tuned, PPO and DPO model side by side on the prompts that were held out.</summary>
internal sealed record EvaluationOptions : StageOptions
{
    /// <summary>How many prompts, harmful and harmless ones in equal parts as far as there are, at most.</summary>
    [Range(1, 1_000_000)]
    public int Prompts { get; init; } = 400;

    /// <summary>Length of an answer.</summary>
    [Range(1, 4096)]
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>Divides the logits: 1 samples as in training, 0 takes the likeliest token.</summary>
    [Range(0, 10)]
    public double Temperature { get; init; } = 1;
}
