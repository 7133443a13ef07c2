using System.ComponentModel.DataAnnotations;
using Rlhf.V1;

namespace Rlhf.Learner.Settings;

/// <summary>
/// Proximal policy optimization of a LoRA adapter against a reward model, with a KL penalty to the baseline. The defaults suit a
/// model of one to two million weights; where they differ from the published ones, the published value is named.
/// </summary>
public sealed record PpoSettings
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

    /// <summary>Whole responses an update.</summary>
    [Range(1, 65536)]
    public int MinibatchSize { get; init; } = 16;

    /// <summary>Learning rate of the adapter's AdamW, decayed linearly to 0; 20 to 100 times that of full fine-tuning.</summary>
    [Range(1e-9, 1.0)]
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Learning rate of the value head.</summary>
    [Range(1e-9, 1.0)]
    public double ValueLearningRate { get; init; } = 3e-3;

    /// <summary>beta, the weight of the KL penalty in the reward: fixed, or the start of the adaptive controller; published .05 and .15. A small reward model is soon exploited by a policy that moves far.</summary>
    [Range(1e-9, 100.0)]
    public double KlCoefficient { get; init; } = 0.3;

    /// <summary>KL per response that the adaptive controller steers to, in nats; 0 keeps beta fixed.</summary>
    [Range(0.0, 1e6)]
    public double KlTarget { get; init; }

    /// <summary>Responses over which a full error moves beta by a fifth; published 10,000, for runs a hundred times as long.</summary>
    [Range(1, int.MaxValue)]
    public int KlHorizon { get; init; } = 500;

    /// <summary>Longest response, in tokens.</summary>
    [Range(1, 65536)]
    public int MaxNewTokens { get; init; } = 48;

    /// <summary>Divides the logits, when sampling and when training alike.</summary>
    [Range(0.01, 100.0)]
    public double Temperature { get; init; } = 1;

    /// <summary>Subtracted from the normalised score of a response that reached its length limit without ending.</summary>
    [Range(0.0, 1e6)]
    public double UnfinishedPenalty { get; init; } = 1;

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

    /// <summary>Weight of the value loss beside the policy loss.</summary>
    [Range(0.0, 100.0)]
    public double ValueWeight { get; init; } = 0.1;

    /// <summary>Longest gradient; longer ones are scaled down to it.</summary>
    [Range(1e-6, 1e6)]
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>The settings of a request; what it leaves at zero takes the default.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static PpoSettings From(PpoOptions options)
    {
        var defaults = new PpoSettings();
        return Ranges.Checked(defaults with
        {
            Steps = Ranges.Or(options.Steps, defaults.Steps),
            RolloutsPerStep = Ranges.Or(options.RolloutsPerStep, defaults.RolloutsPerStep),
            Epochs = Ranges.Or(options.Epochs, defaults.Epochs),
            MinibatchSize = Ranges.Or(options.MinibatchSize, defaults.MinibatchSize),
            LearningRate = Ranges.Or(options.LearningRate, defaults.LearningRate),
            KlCoefficient = Ranges.Or(options.KlCoefficient, defaults.KlCoefficient),
            KlTarget = Ranges.Or(options.KlTarget, defaults.KlTarget),
            MaxNewTokens = Ranges.Or(options.MaxNewTokens, defaults.MaxNewTokens),
            Temperature = Ranges.Or(options.Temperature, defaults.Temperature),
            UnfinishedPenalty = Ranges.Or(options.UnfinishedPenalty, defaults.UnfinishedPenalty),
            LoraRank = Ranges.Or(options.LoraRank, defaults.LoraRank),
            Advantages = options.Advantages,
        });
    }
}
