using System.ComponentModel.DataAnnotations;
using Rlhf.V1;

namespace Rlhf.Coordinator.Runs;

/// <summary>Reinforcement learning against the reward model. Zero is the learner's default, except where an option says otherwise.</summary>
internal sealed record PpoStageOptions : TrainingStageOptions, IValidatableObject
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

    /// <summary>β: what a nat of KL to the fine-tuned model costs; 0 is nothing, and left out is the learner's default.</summary>
    [Range(0, 100)]
    public double? KlCoefficient { get; init; }

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

    /// <summary>Subtracted from the normalised score of an answer that did not finish; 0 is no penalty, and left out is the learner's default.</summary>
    [Range(0, 100)]
    public double? UnfinishedPenalty { get; init; }

    /// <summary>The normalised score of every answer that did not finish, in place of its own less the penalty.</summary>
    [Range(-100, 100)]
    public double? UnfinishedScore { get; init; }

    /// <summary>Answers to each prompt of a step.</summary>
    [Range(0, 1024)]
    public int SamplesPerPrompt { get; init; }

    /// <summary>Padded tokens a forward and backward pass: less memory with fewer, the same gradient.</summary>
    [Range(0, 1 << 24)]
    public int MicroBatchTokens { get; init; }

    /// <summary>Of the value function.</summary>
    [Range(0, 1)]
    public double ValueLearningRate { get; init; }

    /// <summary>Share of the steps over which the learning rates rise from 0.</summary>
    [Range(0, 1)]
    public double WarmUpShare { get; init; }

    /// <summary>What the learning rates fall to, as a share of the peak.</summary>
    [Range(0, 1)]
    public double FinalLearningRateShare { get; init; }

    /// <summary>Trains all weights instead of an adapter.</summary>
    public bool FullFineTuning { get; init; }

    /// <summary>Answers over which a full error moves an adaptive β by a fifth.</summary>
    [Range(0, int.MaxValue)]
    public int KlHorizon { get; init; }

    /// <summary>KL per answer in nats beyond which `max-kl-action` is taken; 0 is no bound, and left out is the learner's default.</summary>
    [Range(0, 1e6)]
    public double? MaxKl { get; init; }

    /// <summary>"warn", "raise-beta" or "stop".</summary>
    [AllowedValues("warn", "raise-beta", "stop")]
    public string MaxKlAction { get; init; } = "warn";

    /// <summary>A step's updates end early beyond this KL to the policy that sampled, in nats a token; 0 never.</summary>
    [Range(0, 100)]
    public double EpochKlLimit { get; init; }

    /// <summary>Normalised scores are clipped to this size.</summary>
    [Range(0, 1e6)]
    public double ScoreClip { get; init; }

    /// <summary>γ; left out is the learner's default.</summary>
    [Range(0, 1)]
    public double? Discount { get; init; }

    /// <summary>λ of generalized advantage estimation; left out is the learner's default.</summary>
    [Range(0, 1)]
    public double? AdvantageLambda { get; init; }

    /// <summary>ε.</summary>
    [Range(0, 10)]
    public double ClipRange { get; init; }

    /// <summary>How far a value may move in one step before its gain is clipped.</summary>
    [Range(0, 1e6)]
    public double ValueClipRange { get; init; }

    /// <summary>Of the value loss beside the policy loss; left out is the learner's default.</summary>
    [Range(0, 100)]
    public double? ValueWeight { get; init; }

    /// <summary>"shared": the value head reads the policy's hidden states; "own-adapter": the baseline's, with an adapter of its own.</summary>
    [AllowedValues("shared", "own-adapter")]
    public string ValueTrunk { get; init; } = "shared";

    /// <summary>Of the entropy bonus.</summary>
    [Range(0, 10)]
    public double EntropyWeight { get; init; }

    /// <summary>Allows Generators of another number format than the Learner's, with importance weights.</summary>
    public bool CorrectsRolloutMismatch { get; init; }

    /// <summary>Largest importance weight.</summary>
    [Range(0, 1e6)]
    public double ImportanceWeightCap { get; init; }

    /// <summary>KL to the policy that sampled beyond which the job stops, in nats a token.</summary>
    [Range(0, 100)]
    public double MaxRolloutMismatch { get; init; }

    /// <summary>Longest gradient.</summary>
    [Range(0, 1e6)]
    public double MaxGradientNorm { get; init; }

    /// <summary>The reward model's head that scores the rollouts, with its <c>head-per-source</c>: harmful or harmless; empty is both together.</summary>
    public string RewardHead { get; init; } = "";

    /// <summary>The options as the Learner takes them.</summary>
    /// <param name="rewardModelVersion">Which reward model scores.</param>
    public PpoOptions ToRequest(string rewardModelVersion)
    {
        var request = new PpoOptions
        {
            Steps = Steps,
            RolloutsPerStep = RolloutsPerStep,
            SamplesPerPrompt = SamplesPerPrompt,
            Epochs = Epochs,
            MinibatchSize = MinibatchSize,
            MicroBatchTokens = MicroBatchTokens,
            LearningRate = LearningRate,
            ValueLearningRate = ValueLearningRate,
            WarmUpShare = WarmUpShare,
            FinalLearningRateShare = FinalLearningRateShare,
            FullFineTuning = FullFineTuning,
            KlTarget = KlTarget,
            KlHorizon = KlHorizon,
            MaxKlAction = MaxKlAction switch
            {
                "raise-beta" => KlBoundAction.RaiseBeta,
                "stop" => KlBoundAction.Stop,
                _ => KlBoundAction.Warn,
            },
            EpochKlLimit = EpochKlLimit,
            MaxNewTokens = MaxNewTokens,
            Temperature = Temperature,
            ScoreClip = ScoreClip,
            LoraRank = LoraRank,
            RewardModelVersion = rewardModelVersion,
            RewardHead = RewardHead,
            Advantages = Advantages switch
            {
                "rloo" => AdvantageEstimator.LeaveOneOut,
                "grpo" => AdvantageEstimator.GroupRelative,
                _ => AdvantageEstimator.Generalized,
            },
            ClipRange = ClipRange,
            ValueClipRange = ValueClipRange,
            ValueTrunk = ValueTrunk == "own-adapter" ? V1.ValueTrunk.OwnAdapter : V1.ValueTrunk.Shared,
            EntropyWeight = EntropyWeight,
            CorrectsRolloutMismatch = CorrectsRolloutMismatch,
            ImportanceWeightCap = ImportanceWeightCap,
            MaxRolloutMismatch = MaxRolloutMismatch,
            MaxGradientNorm = MaxGradientNorm,
            Precision = RequestedPrecision,
            RecomputeActivations = RecomputeActivations,
        };
        Set(KlCoefficient, value => request.KlCoefficient = value);
        Set(UnfinishedPenalty, value => request.UnfinishedPenalty = value);
        Set(UnfinishedScore, value => request.UnfinishedScore = value);
        Set(MaxKl, value => request.MaxKl = value);
        Set(Discount, value => request.Discount = value);
        Set(AdvantageLambda, value => request.AdvantageLambda = value);
        Set(ValueWeight, value => request.ValueWeight = value);
        return request;
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // The learner refuses it too, but only after the stages before this one.
        if (RequestedPrecision == V1.Precision.Bfloat16 && !CorrectsRolloutMismatch)
        {
            yield return new ValidationResult("'precision: bfloat16' needs 'corrects-rollout-mismatch: true': rollouts are recorded in other numbers than the learner's");
        }
    }

    /// <summary>Sets a field of which 0 is a value of its own.</summary>
    private static void Set(double? value, Action<double> set)
    {
        if (value is { } given)
        {
            set(given);
        }
    }
}
