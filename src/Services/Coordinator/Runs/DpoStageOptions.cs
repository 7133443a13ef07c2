using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Runs;

/// <summary>Direct preference optimization of the fine-tuned model on the comparisons, without a reward model. Zero is the learner's default throughout.</summary>
internal sealed record DpoStageOptions : TrainingStageOptions
{
    /// <summary>"logistic" (DPO) or "identity" (IPO).</summary>
    [AllowedValues("logistic", "identity")]
    public string Loss { get; init; } = "logistic";

    /// <summary>β: how much a nat of log-ratio to the fine-tuned model counts as reward.</summary>
    [Range(0, 100)]
    public double Beta { get; init; }

    /// <summary>Share of the labels taken to be the wrong way round.</summary>
    [Range(0, 0.49)]
    public double LabelSmoothing { get; init; }

    /// <summary>Share of the prompts whose pairs are kept for measuring the accuracy.</summary>
    [Range(0.01, 0.9)]
    public double HeldOut { get; init; } = 0.2;

    /// <summary>Passes over the pairs.</summary>
    [Range(0, 100)]
    public int Epochs { get; init; }

    /// <summary>Pairs an update.</summary>
    [Range(0, 4096)]
    public int BatchSize { get; init; }

    /// <summary>Peak.</summary>
    [Range(0, 1)]
    public double LearningRate { get; init; }

    /// <summary>Rank of the adapter.</summary>
    [Range(0, 1024)]
    public int LoraRank { get; init; }

    /// <summary>Trains all weights instead of an adapter.</summary>
    public bool FullFineTuning { get; init; }
}
