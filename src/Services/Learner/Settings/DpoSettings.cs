using System.ComponentModel.DataAnnotations;
using Rlhf.V1;

namespace Rlhf.Learner.Settings;

/// <summary>
/// Direct preference optimization on comparisons. The defaults suit a model of one to two million weights; where they differ from
/// the published ones, the published value is named.
/// </summary>
public sealed record DpoSettings
{
    /// <summary>Passes over the pairs; one is usual.</summary>
    [Range(1, 1000)]
    public int Epochs { get; init; } = 1;

    /// <summary>Pairs an update; published value 64.</summary>
    [Range(1, 65536)]
    public int BatchSize { get; init; } = 16;

    /// <summary>Peak learning rate of AdamW, reached after the warm-up and decayed to 0; null is 1e-3 for an adapter and 2e-5 for a whole model (published 1e-6, for models a thousand times as large).</summary>
    [Range(1e-9, 1.0)]
    public double? LearningRate { get; init; }

    /// <summary>beta: how much a nat of log-ratio counts as reward; the smaller, the farther the policy may move. Published value .1.</summary>
    [Range(1e-6, 100.0)]
    public double Beta { get; init; } = 0.1;

    /// <summary>Share of the labels taken to be the wrong way round; 0 takes them as they are.</summary>
    [Range(0.0, 0.49)]
    public double LabelSmoothing { get; init; }

    /// <summary>Logistic (DPO) or identity (IPO).</summary>
    [EnumDataType(typeof(DirectPreferenceLoss))]
    public DirectPreferenceLoss Loss { get; init; }

    /// <summary>Rank of the adapter on all linear layers.</summary>
    [Range(1, 1024)]
    public int LoraRank { get; init; } = 1;

    /// <summary>Trains all weights instead of an adapter.</summary>
    public bool FullFineTuning { get; init; }

    /// <summary>Share of the updates over which the learning rate rises from 0.</summary>
    [Range(0.0, 1.0)]
    public double WarmUpShare { get; init; } = 0.1;

    /// <summary>Decoupled weight decay of AdamW.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; }

    /// <summary>Longest gradient; longer ones are scaled down to it.</summary>
    [Range(1e-6, 1e6)]
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>In which numbers the blocks' linear layers are computed while training. Weights, gradients, norms, attention, logits and losses are float32 with both, and so is every measurement after training.</summary>
    [EnumDataType(typeof(Precision))]
    public Precision Precision { get; init; }

    /// <summary>Whether the backward pass runs each block again in place of keeping what it computed: less memory for one more forward pass, and the same numbers.</summary>
    public bool RecomputeActivations { get; init; }

    /// <summary>The learning rate with the default filled in.</summary>
    public double PeakLearningRate => LearningRate ?? (FullFineTuning ? 2e-5 : 1e-3);

    /// <summary>The settings of a request; what it leaves at zero takes the default.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static DpoSettings From(DpoOptions options)
    {
        var defaults = new DpoSettings();
        return Ranges.Checked(defaults with
        {
            Epochs = Ranges.Or(options.Epochs, defaults.Epochs),
            BatchSize = Ranges.Or(options.BatchSize, defaults.BatchSize),
            LearningRate = options.LearningRate == 0 ? null : options.LearningRate,
            Beta = Ranges.Or(options.Beta, defaults.Beta),
            LabelSmoothing = options.LabelSmoothing,
            Loss = options.Loss,
            LoraRank = Ranges.Or(options.LoraRank, defaults.LoraRank),
            FullFineTuning = options.FullFineTuning,
            Precision = options.Precision,
            RecomputeActivations = options.RecomputeActivations,
        });
    }
}
