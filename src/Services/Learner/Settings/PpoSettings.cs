using System.ComponentModel.DataAnnotations;
using Rlhf.LanguageModels;
using Rlhf.V1;

namespace Rlhf.Learner.Settings;

/// <summary>
/// Proximal policy optimization of a LoRA adapter against a reward model, with a KL penalty to the baseline. The defaults suit a
/// model of one to two million weights; where they differ from the published ones, the published value is named.
/// </summary>
public sealed record PpoSettings : IValidatableObject
{
    /// <summary>Updates of the sampling policy.</summary>
    [Range(1, 1_000_000)]
    public int Steps { get; init; } = 40;

    /// <summary>Responses sampled a step.</summary>
    [Range(2, 65536)]
    public int RolloutsPerStep { get; init; } = 64;

    /// <summary>Responses to each prompt of a step; fewer prompts than needed give more responses each.</summary>
    [Range(1, 1024)]
    public int SamplesPerPrompt { get; init; } = 4;

    /// <summary>Passes over the responses of a step; published value 4.</summary>
    [Range(1, 100)]
    public int Epochs { get; init; } = 2;

    /// <summary>Whole responses an update. Their gradients are accumulated over parts of <see cref="MicroBatchTokens"/>.</summary>
    [Range(1, 65536)]
    public int MinibatchSize { get; init; } = 16;

    /// <summary>Padded tokens a forward and backward pass: less memory with fewer, the same gradient.</summary>
    [Range(1, 1 << 24)]
    public int MicroBatchTokens { get; init; } = LengthBuckets.DefaultTokens;

    /// <summary>Peak learning rate of the policy's AdamW; null is 2e-3 for an adapter, and a fortieth of that for a whole model.</summary>
    [Range(1e-9, 1.0)]
    public double? LearningRate { get; init; }

    /// <summary>Peak learning rate of the value head, and of its adapter where it has one.</summary>
    [Range(1e-9, 1.0)]
    public double ValueLearningRate { get; init; } = 3e-3;

    /// <summary>Share of the steps over which both learning rates rise from 0.</summary>
    [Range(0.0, 1.0)]
    public double WarmUpShare { get; init; }

    /// <summary>What the learning rates fall to linearly, as a share of the peak; published value 0, and 1 keeps them.</summary>
    [Range(0.0, 1.0)]
    public double FinalLearningRateShare { get; init; }

    /// <summary>Trains all weights instead of an adapter, beside a frozen copy; each step is published as a whole policy.</summary>
    public bool FullFineTuning { get; init; }

    /// <summary>beta, the weight of the KL penalty in the reward: fixed, or the start of the adaptive controller; published .05 and .15. A small reward model is soon exploited by a policy that moves far.</summary>
    [Range(0.0, 100.0)]
    public double KlCoefficient { get; init; } = 0.3;

    /// <summary>KL per response that the adaptive controller steers to, in nats; 0 keeps beta fixed.</summary>
    [Range(0.0, 1e6)]
    public double KlTarget { get; init; }

    /// <summary>Responses over which a full error moves beta by a fifth; published 10,000, for runs a hundred times as long.</summary>
    [Range(1, int.MaxValue)]
    public int KlHorizon { get; init; } = 500;

    /// <summary>KL per response, in nats, beyond which <see cref="MaxKlAction"/> is taken; 0 is no bound.</summary>
    [Range(0.0, 1e6)]
    public double MaxKl { get; init; } = 50;

    /// <summary>What a KL beyond the bound does: warns, warns and raises beta by half at each step, or ends the job.</summary>
    [EnumDataType(typeof(KlBoundAction))]
    public KlBoundAction MaxKlAction { get; init; }

    /// <summary>A step's updates end early once an update would start farther than this from the policy that sampled, in nats a token; 0 never, .02 is usual.</summary>
    [Range(0.0, 100.0)]
    public double EpochKlLimit { get; init; }

    /// <summary>Longest response, in tokens.</summary>
    [Range(1, 65536)]
    public int MaxNewTokens { get; init; } = 48;

    /// <summary>Divides the logits, when sampling and when training alike.</summary>
    [Range(0.01, 100.0)]
    public double Temperature { get; init; } = 1;

    /// <summary>Subtracted from the normalised score of a response that reached its length limit without ending.</summary>
    [Range(0.0, 1e6)]
    public double UnfinishedPenalty { get; init; } = 1;

    /// <summary>The normalised score of every response that did not finish, in place of its own and of the penalty; null keeps those. The original recipe has -1 before normalisation.</summary>
    [Range(-1e6, 1e6)]
    public double? UnfinishedScore { get; init; }

    /// <summary>Normalised scores are clipped to this size before the penalties.</summary>
    [Range(0.1, 1e6)]
    public double ScoreClip { get; init; } = 10;

    /// <summary>Rank of the adapter on all linear layers.</summary>
    [Range(1, 1024)]
    public int LoraRank { get; init; } = 1;

    /// <summary>What a response is compared with; only the first way uses the value head.</summary>
    [EnumDataType(typeof(AdvantageEstimator))]
    public AdvantageEstimator Advantages { get; init; }

    /// <summary>gamma, the discount.</summary>
    [Range(0.0, 1.0)]
    public double Discount { get; init; } = 1;

    /// <summary>lambda of generalized advantage estimation.</summary>
    [Range(0.0, 1.0)]
    public double AdvantageLambda { get; init; } = 0.95;

    /// <summary>epsilon, the clip range of the ratio.</summary>
    [Range(0.001, 10.0)]
    public double ClipRange { get; init; } = 0.2;

    /// <summary>How far a value may move in one step before its gain is clipped.</summary>
    [Range(0.001, 1e6)]
    public double ValueClipRange { get; init; } = 0.2;

    /// <summary>Where the value head reads: the policy's own hidden states, or the baseline's with an adapter of the head's own.</summary>
    [EnumDataType(typeof(ValueTrunk))]
    public ValueTrunk ValueTrunk { get; init; }

    /// <summary>Weight of the entropy bonus, per nat; 0 is none, as published for RLHF.</summary>
    [Range(0.0, 10.0)]
    public double EntropyWeight { get; init; }

    /// <summary>
    /// Whether rollouts may come from somewhat other weights or another number format than the learner's: its own log-probabilities are
    /// then the proximal ones, and each token's loss is weighted by exp(proximal - rollout). False demands agreement to float32's rounding.
    /// </summary>
    public bool CorrectsRolloutMismatch { get; init; }

    /// <summary>Largest importance weight of a token, with <see cref="CorrectsRolloutMismatch"/>.</summary>
    [Range(1.0, 1e6)]
    public double ImportanceWeightCap { get; init; } = 5;

    /// <summary>KL between the policy that sampled and the learner's, in nats a token, beyond which the job stops, with <see cref="CorrectsRolloutMismatch"/>.</summary>
    [Range(0.0, 100.0)]
    public double MaxRolloutMismatch { get; init; } = 0.1;

    /// <summary>Weight of the value loss beside the policy loss.</summary>
    [Range(0.0, 100.0)]
    public double ValueWeight { get; init; } = 0.1;

    /// <summary>Longest gradient; longer ones are scaled down to it.</summary>
    [Range(1e-6, 1e6)]
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>In which numbers the blocks' linear layers are computed while training. Weights, gradients, norms, attention, logits and losses are float32 with both, and so is what is published. bfloat16 needs <see cref="CorrectsRolloutMismatch"/>: it is too coarse for the check against the recorded log-probabilities.</summary>
    [EnumDataType(typeof(Precision))]
    public Precision Precision { get; init; }

    /// <summary>Whether the backward pass runs each block again in place of keeping what it computed: less memory for one more forward pass, and the same numbers.</summary>
    public bool RecomputeActivations { get; init; }

    /// <summary>The learning rate with the default filled in.</summary>
    public double PeakLearningRate => LearningRate ?? (FullFineTuning ? 5e-5 : 2e-3);

    /// <summary>The settings of a request; what it leaves at zero takes the default.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static PpoSettings From(PpoOptions options)
    {
        var defaults = new PpoSettings();
        return Ranges.Checked(defaults with
        {
            Steps = Ranges.Or(options.Steps, defaults.Steps),
            RolloutsPerStep = Ranges.Or(options.RolloutsPerStep, defaults.RolloutsPerStep),
            SamplesPerPrompt = Ranges.Or(options.SamplesPerPrompt, defaults.SamplesPerPrompt),
            Epochs = Ranges.Or(options.Epochs, defaults.Epochs),
            MinibatchSize = Ranges.Or(options.MinibatchSize, defaults.MinibatchSize),
            MicroBatchTokens = Ranges.Or(options.MicroBatchTokens, defaults.MicroBatchTokens),
            LearningRate = options.LearningRate == 0 ? null : options.LearningRate,
            ValueLearningRate = Ranges.Or(options.ValueLearningRate, defaults.ValueLearningRate),
            WarmUpShare = options.WarmUpShare,
            FinalLearningRateShare = options.FinalLearningRateShare,
            FullFineTuning = options.FullFineTuning,
            KlCoefficient = options.HasKlCoefficient ? options.KlCoefficient : defaults.KlCoefficient,
            KlTarget = options.KlTarget,
            KlHorizon = Ranges.Or(options.KlHorizon, defaults.KlHorizon),
            MaxKl = options.HasMaxKl ? options.MaxKl : defaults.MaxKl,
            MaxKlAction = options.MaxKlAction,
            EpochKlLimit = options.EpochKlLimit,
            MaxNewTokens = Ranges.Or(options.MaxNewTokens, defaults.MaxNewTokens),
            Temperature = Ranges.Or(options.Temperature, defaults.Temperature),
            UnfinishedPenalty = options.HasUnfinishedPenalty ? options.UnfinishedPenalty : defaults.UnfinishedPenalty,
            UnfinishedScore = options.HasUnfinishedScore ? options.UnfinishedScore : null,
            ScoreClip = Ranges.Or(options.ScoreClip, defaults.ScoreClip),
            LoraRank = Ranges.Or(options.LoraRank, defaults.LoraRank),
            Advantages = options.Advantages,
            Discount = options.HasDiscount ? options.Discount : defaults.Discount,
            AdvantageLambda = options.HasAdvantageLambda ? options.AdvantageLambda : defaults.AdvantageLambda,
            ClipRange = Ranges.Or(options.ClipRange, defaults.ClipRange),
            ValueClipRange = Ranges.Or(options.ValueClipRange, defaults.ValueClipRange),
            ValueWeight = options.HasValueWeight ? options.ValueWeight : defaults.ValueWeight,
            ValueTrunk = options.ValueTrunk,
            EntropyWeight = options.EntropyWeight,
            CorrectsRolloutMismatch = options.CorrectsRolloutMismatch,
            ImportanceWeightCap = Ranges.Or(options.ImportanceWeightCap, defaults.ImportanceWeightCap),
            MaxRolloutMismatch = Ranges.Or(options.MaxRolloutMismatch, defaults.MaxRolloutMismatch),
            MaxGradientNorm = Ranges.Or(options.MaxGradientNorm, defaults.MaxGradientNorm),
            Precision = options.Precision,
            RecomputeActivations = options.RecomputeActivations,
        });
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Precision == Precision.Bfloat16 && !CorrectsRolloutMismatch)
        {
            yield return new ValidationResult(
                "Precision bfloat16 of PPO needs CorrectsRolloutMismatch: rollouts are recorded in other numbers than the learner's. Set it too, or take float32.",
                [nameof(Precision)]);
        }
    }
}
