using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.Tensors;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Learner.Ppo;

/// <summary>What a step's responses teach, one array a response, and what they measured.</summary>
/// <param name="Advantages">Generalized ones are whitened over all response tokens of the step; those of whole responses stand at each of their tokens.</param>
/// <param name="Returns">Taken before whitening; zero where no value function is used.</param>
/// <param name="KlPerSequence">k1 summed over each response and averaged, in nats.</param>
/// <param name="K3PerSequence">The same of k3.</param>
/// <param name="ExplainedVariance">Of the returns by the values; NaN where the returns do not vary.</param>
/// <param name="RolloutMismatch">How far the learner's log-probabilities are from those recorded when the responses were sampled.</param>
internal sealed record StepTargets(
    float[][] Advantages,
    float[][] Returns,
    double KlPerSequence,
    double K3PerSequence,
    double ExplainedVariance,
    RatioStatistics RolloutMismatch)
{
    // Generator and learner compute the same numbers in another order: float32 rounding, and nothing more, may stand between.
    private const double LargestRatioDeviation = 1e-4;
    private const double LargestKl = 1e-5;

    /// <summary>Computes them.</summary>
    /// <param name="rollouts">The responses.</param>
    /// <param name="reading">What policy and baseline say of them.</param>
    /// <param name="beta">Weight of the KL penalty.</param>
    /// <param name="settings">The rest.</param>
    /// <param name="step">For errors.</param>
    /// <exception cref="TrainingException">Generator and learner disagree about the sampled tokens, or a number is not finite.</exception>
    public static StepTargets Compute(
        IReadOnlyList<Rollout> rollouts, PolicyReading reading, double beta, PpoSettings settings, long step)
    {
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        var grid = new ResponseGrid([.. rollouts.Select(rollout => rollout.Example.ResponseLength)]);
        var responseMask = grid.Mask(); // [B, T]
        var policyLogprobs = grid.ToTensor(reading.PolicyLogprobs); // [B, T]
        var rolloutLogprobs = grid.ToTensor([.. rollouts.Select(rollout => rollout.Logprobs)]); // [B, T]
        var referenceLogprobs = grid.ToTensor(reading.ReferenceLogprobs); // [B, T]
        var values = grid.ToTensor(reading.Values); // [B, T]
        RequireFiniteScores(rollouts, step);
        var mismatch = RatioStatistics.Measure(policyLogprobs, rolloutLogprobs, responseMask, settings.ClipRange);
        RequireAgreement(mismatch, settings, step);

        var scores = tensor(rollouts.Select(rollout => (float)rollout.Score).ToArray())
            .ClampedTo(-settings.ScoreClip, settings.ScoreClip); // [B]
        var isFinished = tensor(rollouts.Select(rollout => rollout.IsFinished).ToArray()); // [B]
        var penalised = settings.UnfinishedScore is { } unfinishedScore
            ? TokenRewards.ReplaceUnfinished(scores, isFinished, unfinishedScore)
            : TokenRewards.PenaliseUnfinished(scores, isFinished, settings.UnfinishedPenalty); // [B]
        var rewards = TokenRewards.FromScoreAndKl(penalised, policyLogprobs, referenceLogprobs, responseMask, beta); // [B, T]
        string[] prompts = [.. rollouts.Select(rollout => rollout.PromptId)];
        var (advantages, returns) = settings.Advantages switch
        {
            AdvantageEstimator.Generalized => Generalized(rewards, values, responseMask, settings),
            AdvantageEstimator.LeaveOneOut => OfResponses(GroupAdvantages.LeaveOneOut(Numbers(rewards.sum(1)), prompts), responseMask),
            AdvantageEstimator.GroupRelative => OfResponses(GroupAdvantages.Standardised(Numbers(penalised), prompts), responseMask),
            _ => throw new TrainingException($"There is no advantage estimator {settings.Advantages}."),
        }; // [B, T] both

        // Both are 0 in the padding, where policy and reference are: the plain sum is the masked one.
        var kl = KlEstimators.K1(policyLogprobs, referenceLogprobs).sum().item<float>() / rollouts.Count;
        var k3 = KlEstimators.K3(policyLogprobs, referenceLogprobs).sum().item<float>() / rollouts.Count;
        Update.RequireFinite(kl, "KL to the baseline", () => $"step {step}");
        return new StepTargets(
            grid.ToRows(advantages),
            grid.ToRows(returns),
            kl,
            k3,
            MaskedStatistics.ExplainedVariance(values, returns, responseMask),
            mismatch);
    }

    private static (Tensor Advantages, Tensor Returns) Generalized(Tensor rewards, Tensor values, Tensor responseMask, PpoSettings settings)
    {
        var estimate = GeneralizedAdvantages.Estimate(rewards, values, responseMask, settings.Discount, settings.AdvantageLambda);
        return (MaskedStatistics.Whiten(estimate.Advantages, responseMask), estimate.Returns);
    }

    private static (Tensor Advantages, Tensor Returns) OfResponses(double[] advantages, Tensor responseMask) =>
        (tensor(advantages, float32).unsqueeze(1) * responseMask, zeros_like(responseMask, float32)); // [B, T] both

    private static double[] Numbers(Tensor perResponse) => perResponse.to(float64).data<double>().ToArray(); // [B]

    private static void RequireFiniteScores(IReadOnlyList<Rollout> rollouts, long step)
    {
        var wrong = rollouts.Where(rollout => !double.IsFinite(rollout.Score)).Select(rollout => rollout.PromptId).Distinct().ToArray();
        if (wrong.Length > 0)
        {
            throw new TrainingException($"At step {step}, responses to {string.Join(", ", wrong)} have a score that is not finite; look at the reward model.");
        }
    }

    private static void RequireAgreement(RatioStatistics ratio, PpoSettings settings, long step)
    {
        if (settings.CorrectsRolloutMismatch)
        {
            // Another version or number format sampled: importance weights make up for it, but not for another tokenizer or position.
            if (!(ratio.ApproximateKl <= settings.MaxRolloutMismatch))
            {
                throw new TrainingException(
                    $"At step {step}, before any update, the KL between the policy that sampled and the learner's is {ratio.ApproximateKl:g3} nats a token "
                    + $"(at most {settings.MaxRolloutMismatch:g3}). The rollouts are too old or their number format is too coarse, "
                    + "or weights, tokenizer, positions or temperature differ.");
            }
        }
        else if (!(ratio.LargestDeviation <= LargestRatioDeviation && Math.Abs(ratio.ApproximateKl) <= LargestKl))
        {
            throw new TrainingException(
                $"At step {step}, before any update, policyLogprobs (learner) and rolloutLogprobs (generator) of the same tokens disagree: "
                + $"the largest |ratio - 1| is {ratio.LargestDeviation:g3} (at most {LargestRatioDeviation:g1}), "
                + $"the KL {ratio.ApproximateKl:g3} (at most {LargestKl:g1}). "
                + "Weights, tokenizer, positions, temperature or number format differ between them.");
        }
    }
}
