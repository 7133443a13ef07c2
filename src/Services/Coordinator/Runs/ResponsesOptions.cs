using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Runs;

/// <summary>Several answers a prompt, to be compared.</summary>
internal sealed record ResponsesOptions : StageOptions
{
    /// <summary>How many prompts, red-team and helpful ones in equal parts as far as there are, at most.</summary>
    [Range(1, 1_000_000)]
    public int Prompts { get; init; } = 600;

    /// <summary>Answers by the fine-tuned model.</summary>
    [Range(1, 64)]
    public int ResponsesPerPrompt { get; init; } = 3;

    /// <summary>
    /// Answers by the base model beside them. A fine-tuned model that always declines gives pairs without contrast, from which
    /// nothing is learned; the published recipe has none of these (0).
    /// </summary>
    [Range(0, 64)]
    public int BaseResponsesPerPrompt { get; init; } = 1;

    /// <summary>Length of an answer.</summary>
    [Range(1, 4096)]
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>Divides the logits.</summary>
    [Range(0, 10)]
    public double Temperature { get; init; } = 1;
}
