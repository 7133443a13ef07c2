using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Runs;

/// <summary>Reinforcement learning against the reward model. Zero is the learner's default throughout.</summary>
internal sealed record PpoStageOptions : StageOptions
{
    /// <summary>What an answer is compared with: "gae" a value function, "rloo" or "grpo" the other answers to its prompt.</summary>
    [AllowedValues("gae", "rloo", "grpo")]
    public string Advantages { get; init; } = "gae";

    /// <summary>Updates.</summary>
    [Range(1, 1_000_000)]
    public int Steps { get; init; } = 40;

    /// <summary>Answers sampled before each update.</summary>
    [Range(1, 65_536)]
    public int RolloutsPerStep { get; init; } = 64;

    /// <summary>Passes over each step's answers.</summary>
    [Range(0, 100)]
    public int Epochs { get; init; }

    /// <summary>Answers a gradient step.</summary>
    [Range(0, 65_536)]
    public int MinibatchSize { get; init; }

    /// <summary>Of the adapter.</summary>
    [Range(0, 1)]
    public double LearningRate { get; init; }

    /// <summary>β: what a nat of KL to the fine-tuned model costs.</summary>
    [Range(0, 100)]
    public double KlCoefficient { get; init; }

    /// <summary>KL per answer in nats to which β adapts; 0 keeps β as it is.</summary>
    [Range(0, 1000)]
    public double KlTarget { get; init; }

    /// <summary>Length of an answer.</summary>
    [Range(1, 4096)]
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>Divides the logits.</summary>
    [Range(0, 10)]
    public double Temperature { get; init; } = 1;

    /// <summary>Rank of the adapter.</summary>
    [Range(0, 1024)]
    public int LoraRank { get; init; }

    /// <summary>Subtracted from the normalised score of an answer that did not finish.</summary>
    [Range(0, 100)]
    public double UnfinishedPenalty { get; init; }
}
