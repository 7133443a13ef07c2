using System.ComponentModel.DataAnnotations;
using Rlhf.V1;

namespace Rlhf.Learner.Settings;

/// <summary>Supervised fine-tuning: next-token loss on response tokens. The defaults suit a model of one to two million weights.</summary>
public sealed record SupervisedSettings
{
    /// <summary>Passes over the examples.</summary>
    [Range(1, 1000)]
    public int Epochs { get; init; } = 2;

    /// <summary>Examples an update.</summary>
    [Range(1, 65536)]
    public int BatchSize { get; init; } = 16;

    /// <summary>Peak learning rate of AdamW, reached after the warm-up and decayed to 0.</summary>
    [Range(1e-9, 1.0)]
    public double LearningRate { get; init; } = 5e-4;

    /// <summary>Share of the updates over which the learning rate rises from 0.</summary>
    [Range(0.0, 1.0)]
    public double WarmUpShare { get; init; } = 0.1;

    /// <summary>Decoupled weight decay of AdamW.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Longest gradient; longer ones are scaled down to it.</summary>
    [Range(1e-6, 1e6)]
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>Share of the examples that is not trained on but measured on after each epoch; 0 trains on all of them to the end.</summary>
    [Range(0.0, 0.5)]
    public double ValidationShare { get; init; }

    /// <summary>Epochs without a lower validation loss after which training ends; the weights of the best epoch are kept.</summary>
    [Range(1, 1000)]
    public int Patience { get; init; } = 1;

    /// <summary>Whether a batch's sequences follow each other in rows, each attending only to itself, or are padded in groups of like length. Losses and gradients are the same to rounding.</summary>
    public bool Packing { get; init; } = true;

    /// <summary>In which numbers the blocks' linear layers are computed while training. Weights, gradients, norms, attention, logits and losses are float32 with both, and so is every measurement after training.</summary>
    [EnumDataType(typeof(Precision))]
    public Precision Precision { get; init; }

    /// <summary>Whether the backward pass runs each block again in place of keeping what it computed: less memory for one more forward pass, and the same numbers.</summary>
    public bool RecomputeActivations { get; init; }

    /// <summary>The settings of a request; what it leaves at zero takes the default.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static SupervisedSettings From(SupervisedOptions options)
    {
        var defaults = new SupervisedSettings();
        return Ranges.Checked(defaults with
        {
            Epochs = Ranges.Or(options.Epochs, defaults.Epochs),
            BatchSize = Ranges.Or(options.BatchSize, defaults.BatchSize),
            LearningRate = Ranges.Or(options.LearningRate, defaults.LearningRate),
            ValidationShare = options.ValidationShare, // 0 is the default
            Patience = Ranges.Or(options.Patience, defaults.Patience),
            Packing = options.HasPacking ? options.Packing : defaults.Packing,
            Precision = options.Precision,
            RecomputeActivations = options.RecomputeActivations,
        });
    }
}
