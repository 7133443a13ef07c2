using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.Tensors;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Learner.Ppo;

/// <summary>
/// The loss of an update: policy + value weight · value - entropy weight · entropy, means over the minibatch's response tokens.
/// A minibatch is computed in parts that fit memory; their gradients add up to its own.
/// </summary>
/// <param name="policy">What trains.</param>
/// <param name="settings">How.</param>
/// <param name="rollouts">The step's responses.</param>
/// <param name="reading">What policy and baseline said of them when the step began.</param>
/// <param name="targets">What they teach.</param>
/// <param name="beta">Weight of the KL penalty, where it is part of the loss.</param>
internal sealed class PpoUpdate(
    PpoPolicy policy, PpoSettings settings, IReadOnlyList<Rollout> rollouts, PolicyReading reading, StepTargets targets, double beta)
{
    private readonly int[] _lengths = [.. rollouts.Select(rollout => rollout.Example.TokenIds.Length)];
    private readonly bool _hasValues = settings.Advantages == AdvantageEstimator.Generalized;

    /// <summary>Adds the gradients of a minibatch's loss, and returns what it measured.</summary>
    /// <param name="batch">Indices of whole responses.</param>
    public UpdateFigures Backward(int[] batch)
    {
        var tokens = batch.Sum(index => (double)rollouts[index].Example.ResponseLength);
        return Minibatches.Parts(batch, _lengths, settings.MicroBatchTokens)
            .Aggregate(UpdateFigures.None, (total, part) => total.Plus(BackwardOf(part, tokens)));
    }

    /// <summary>Adds the gradients of a part of a minibatch of so many response tokens, all of it in one padded batch.</summary>
    internal UpdateFigures BackwardOf(int[] part, double tokens)
    {
        using var scope = NewDisposeScope();
        using var responses = ResponseBatch.Padded([.. part.Select(index => rollouts[index].Example)], policy.Device);
        var share = responses.Count / tokens;
        var mask = ones([responses.Count], ScalarType.Bool, policy.Device); // [N], no padding is left
        var (policyLogprobs, logits, hidden) = policy.Forward(responses); // [N], [N, V], [N, C]
        // Without correction the recorded log-probabilities are the step's first: the learner has made sure of that.
        var rolloutLogprobs = Flat(part, index => rollouts[index].Logprobs); // [N]
        var proximalLogprobs = settings.CorrectsRolloutMismatch ? Flat(part, index => reading.PolicyLogprobs[index]) : rolloutLogprobs; // [N]
        var advantages = Flat(part, index => targets.Advantages[index]); // [N]
        var meanPolicyLoss = settings.CorrectsRolloutMismatch
            ? PpoLoss.DecoupledPolicy(policyLogprobs, proximalLogprobs, rolloutLogprobs, advantages, mask, settings.ClipRange, settings.ImportanceWeightCap)
            : PpoLoss.Policy(policyLogprobs, rolloutLogprobs, advantages, mask, settings.ClipRange); // []
        var policyLoss = meanPolicyLoss.Times(share); // []
        var objective = policyLoss; // []
        if (settings.EntropyWeight != 0)
        {
            objective = objective - policy.Entropy(logits).mean().Times(settings.EntropyWeight * share); // []
        }

        if (settings.Advantages == AdvantageEstimator.GroupRelative)
        {
            var referenceLogprobs = Flat(part, index => reading.ReferenceLogprobs[index]); // [N]
            objective = objective.Plus(KlEstimators.K3(policyLogprobs, referenceLogprobs).mean().Times(beta * share)); // []
        }

        var valueLoss = BackwardOf(objective, () => ValueLoss(responses, hidden, part, mask).Times(share));
        var ratio = RatioStatistics.Measure(policyLogprobs.detach(), proximalLogprobs, mask, settings.ClipRange);
        return new UpdateFigures(
            policyLoss.item<float>(), valueLoss, ratio.LargestRatio, ratio.ClipFraction * share, ratio.ApproximateKl * share, GradientNorm: 0);
    }

    /// <summary>Backward through policy and values: in one go where they share a trunk, otherwise one after the other.</summary>
    /// <returns>The value loss; 0 where no value function is used.</returns>
    private double BackwardOf(Tensor objective, Func<Tensor> valueLoss)
    {
        if (!_hasValues)
        {
            objective.backward();
            return 0;
        }

        if (policy.SharesTrunk)
        {
            var shared = valueLoss(); // []
            objective.Plus(shared.Times(settings.ValueWeight)).backward();
            return shared.item<float>();
        }

        objective.backward();
        using var adapter = policy.ValueAdapterOn();
        var own = valueLoss(); // []
        own.Times(settings.ValueWeight).backward();
        return own.item<float>();
    }

    private Tensor ValueLoss(ResponseBatch responses, Tensor policyHidden, int[] part, Tensor mask) => PpoLoss.Value(
        policy.Values(responses, policyHidden),
        Flat(part, index => reading.Values[index]),
        Flat(part, index => targets.Returns[index]),
        mask,
        settings.ValueClipRange); // []

    private Tensor Flat(int[] part, Func<int, float[]> row) =>
        tensor(part.SelectMany(row).ToArray(), device: policy.Device); // [N]
}
