using System.ComponentModel.DataAnnotations;
using Rlhf.V1;

namespace Rlhf.Learner.Settings;

/// <summary>Reward-model training: trunk and head together. The defaults suit a model of one to two million weights.</summary>
public sealed record RewardModelSettings : IValidatableObject
{
    /// <summary>Which of the two models is published; both are trained where the data is there, and compared.</summary>
    public RewardLoss Loss { get; init; }

    /// <summary>Heads on the one trunk, each trained on its own resample of the data; a score is their mean, and their spread says how sure it is.</summary>
    [Range(1, 64)]
    public int Members { get; init; } = 1;

    /// <summary>Whether each source of a mixture has a head of its own in place of an ensemble's, trained on that source alone; a score is the mean of the standardised heads.</summary>
    public bool HeadPerSource { get; init; }

    /// <summary>Of how many last tokens the head reads the mean state; 1 is the last token alone, which is what other tools read.</summary>
    [Range(1, 65536)]
    public int PooledTokens { get; init; } = 1;

    /// <summary>What a source of a mixture counts in the loss, by its name; those not named count 1, and the weights are scaled to a mean of 1.</summary>
    public IReadOnlyDictionary<string, double> SourceWeights { get; init; } = new Dictionary<string, double>();

    /// <summary>Passes over the pairs or the rated responses.</summary>
    [Range(1, 1000)]
    public int Epochs { get; init; } = 2;

    /// <summary>Pairs, or rated responses, an update.</summary>
    [Range(1, 65536)]
    public int BatchSize { get; init; } = 16;

    /// <summary>Peak learning rate of AdamW, reached after the warm-up and decayed to 0.</summary>
    [Range(1e-9, 1.0)]
    public double LearningRate { get; init; } = 5e-4;

    /// <summary>Weight of (a + b)², which keeps the scores' free shift near 0 in pairwise training.</summary>
    [Range(0.0, 1.0)]
    public double CentringWeight { get; init; } = 0.01;

    /// <summary>Share of the updates over which the learning rate rises from 0.</summary>
    [Range(0.0, 1.0)]
    public double WarmUpShare { get; init; } = 0.1;

    /// <summary>Decoupled weight decay of AdamW.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>A preference farther than this from one half is clear; the accuracy on clear held-out pairs is measured beside that on all.</summary>
    [Range(0.0, 0.49)]
    public double ClearMargin { get; init; } = 0.1;

    /// <summary>Longest gradient; longer ones are scaled down to it.</summary>
    [Range(1e-6, 1e6)]
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>In which numbers the blocks' linear layers are computed while training. Weights, gradients, norms, attention, logits and losses are float32 with both, and so is every measurement after training.</summary>
    [EnumDataType(typeof(Precision))]
    public Precision Precision { get; init; }

    /// <summary>Whether the backward pass runs each block again in place of keeping what it computed: less memory for one more forward pass, and the same numbers.</summary>
    public bool RecomputeActivations { get; init; }

    /// <summary>The settings of a request; what it leaves at zero takes the default.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static RewardModelSettings From(RewardModelOptions options)
    {
        var defaults = new RewardModelSettings();
        foreach (var (source, weight) in options.SourceWeights.Where(entry => !(entry.Value > 0 && double.IsFinite(entry.Value))))
        {
            throw new ArgumentException($"The weight of source '{source}' is {weight}; it must be a number above 0.", nameof(options));
        }

        return Ranges.Checked(defaults with
        {
            Loss = options.Loss,
            Epochs = Ranges.Or(options.Epochs, defaults.Epochs),
            BatchSize = Ranges.Or(options.BatchSize, defaults.BatchSize),
            LearningRate = Ranges.Or(options.LearningRate, defaults.LearningRate),
            Members = Ranges.Or(options.Members, defaults.Members),
            HeadPerSource = options.HeadPerSource,
            PooledTokens = Ranges.Or(options.PooledTokens, defaults.PooledTokens),
            CentringWeight = options.HasCentringWeight ? options.CentringWeight : defaults.CentringWeight,
            WeightDecay = options.HasWeightDecay ? options.WeightDecay : defaults.WeightDecay,
            SourceWeights = options.SourceWeights.ToDictionary(),
            Precision = options.Precision,
            RecomputeActivations = options.RecomputeActivations,
        });
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (HeadPerSource && Members > 1)
        {
            yield return new ValidationResult(
                $"a model's heads are either those of the sources or the {Members} members of an ensemble; leave one of the two out", [nameof(HeadPerSource)]);
        }
    }
}
