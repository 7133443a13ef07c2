using Rlhf.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization;

/// <summary>The losses of proximal policy optimization (Schulman et al. 2017, arXiv:1707.06347).</summary>
public static class PpoLoss
{
    /// <summary>
    /// Mean over response tokens of max(-A · ratio, -A · clip(ratio, 1 - epsilon, 1 + epsilon)), ratio = exp(policy - rollout)
    /// (eq. 7, as a loss).
    /// </summary>
    /// <param name="policyLogprobs">[B, T] float, of the policy being trained; gradients flow here.</param>
    /// <param name="rolloutLogprobs">[B, T] float, of the policy that sampled.</param>
    /// <param name="advantages">[B, T] float, whitened.</param>
    /// <param name="responseMask">[B, T] bool, true on sampled tokens.</param>
    /// <param name="clipRange">epsilon; published value .2.</param>
    /// <returns>[]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape.</exception>
    public static Tensor Policy(
        Tensor policyLogprobs, Tensor rolloutLogprobs, Tensor advantages, Tensor responseMask, double clipRange)
    {
        using var scope = NewDisposeScope();
        var perToken = PolicyPerToken(policyLogprobs, rolloutLogprobs, advantages, responseMask, clipRange); // [B, T]
        return MaskedStatistics.Mean(perToken, responseMask).MoveToOuterDisposeScope(); // []
    }

    /// <summary>
    /// The policy loss when rollouts may be older than the proximal policy: each token's loss is multiplied by
    /// min(exp(proximal - rollout), cap), which is not differentiated.
    /// </summary>
    /// <param name="policyLogprobs">[B, T] float, of the policy being trained.</param>
    /// <param name="proximalLogprobs">[B, T] float, recomputed by the learner before the update.</param>
    /// <param name="rolloutLogprobs">[B, T] float, recorded when sampled.</param>
    /// <param name="advantages">[B, T] float, whitened.</param>
    /// <param name="responseMask">[B, T] bool, true on sampled tokens.</param>
    /// <param name="clipRange">epsilon; published value .2.</param>
    /// <param name="weightCap">Largest importance weight; default 5.</param>
    /// <returns>[]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape.</exception>
    public static Tensor DecoupledPolicy(
        Tensor policyLogprobs,
        Tensor proximalLogprobs,
        Tensor rolloutLogprobs,
        Tensor advantages,
        Tensor responseMask,
        double clipRange,
        double weightCap = 5)
    {
        Shapes.RequireSame(policyLogprobs, nameof(policyLogprobs), rolloutLogprobs, nameof(rolloutLogprobs));
        using var scope = NewDisposeScope();
        var perToken = PolicyPerToken(policyLogprobs, proximalLogprobs, advantages, responseMask, clipRange); // [B, T]
        var logWeights = MaskedStatistics.Kept(proximalLogprobs - rolloutLogprobs, responseMask); // [B, T]
        using Scalar cap = weightCap;
        var weights = logWeights.exp().clamp_max(cap).detach(); // [B, T]
        return MaskedStatistics.Mean(perToken * weights, responseMask).MoveToOuterDisposeScope(); // []
    }

    /// <summary>½ · mean over response tokens of max((V - R)², (clip(V, V_old ± range) - R)²).</summary>
    /// <param name="values">[B, T] float, of the value head being trained; gradients flow here.</param>
    /// <param name="rolloutValues">[B, T] float, V_old: the predictions from which the advantages were made.</param>
    /// <param name="returns">[B, T] float, R.</param>
    /// <param name="responseMask">[B, T] bool, true on sampled tokens.</param>
    /// <param name="clipRange">How far a value may move in one update; published value .2.</param>
    /// <returns>[]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape.</exception>
    public static Tensor Value(Tensor values, Tensor rolloutValues, Tensor returns, Tensor responseMask, double clipRange)
    {
        Shapes.RequireSame(values, nameof(values), rolloutValues, nameof(rolloutValues));
        Shapes.RequireSame(values, nameof(values), returns, nameof(returns));
        Shapes.RequireMask(values, nameof(values), responseMask, nameof(responseMask));
        using var scope = NewDisposeScope();
        var change = MaskedStatistics.Kept(values - rolloutValues, responseMask); // [B, T]
        var clipped = rolloutValues.Plus(change.ClampedTo(-clipRange, clipRange)); // [B, T]
        // Masked before the square: the gradient of a masked NaN's square is NaN.
        var error = MaskedStatistics.Kept(values - returns, responseMask); // [B, T]
        var clippedError = MaskedStatistics.Kept(clipped - returns, responseMask); // [B, T]
        var perToken = maximum(error.Squared(), clippedError.Squared()); // [B, T]
        return MaskedStatistics.Mean(perToken, responseMask).DividedBy(2).MoveToOuterDisposeScope(); // []
    }

    /// <summary>The clipped loss of each token, zero outside the mask.</summary>
    /// <inheritdoc cref="Policy" path="/param|/exception"/>
    /// <returns>[B, T]; the caller owns it.</returns>
    public static Tensor PolicyPerToken(
        Tensor policyLogprobs, Tensor rolloutLogprobs, Tensor advantages, Tensor responseMask, double clipRange)
    {
        Shapes.RequireSame(policyLogprobs, nameof(policyLogprobs), rolloutLogprobs, nameof(rolloutLogprobs));
        Shapes.RequireSame(policyLogprobs, nameof(policyLogprobs), advantages, nameof(advantages));
        Shapes.RequireMask(policyLogprobs, nameof(policyLogprobs), responseMask, nameof(responseMask));
        using var scope = NewDisposeScope();
        // Masked before the exponential: infinity outside the mask would turn gradients into NaN.
        var ratio = MaskedStatistics.Kept(policyLogprobs - rolloutLogprobs, responseMask).exp(); // [B, T]
        var clippedRatio = ratio.ClampedTo(1 - clipRange, 1 + clipRange); // [B, T]
        var perToken = maximum(-advantages * ratio, -advantages * clippedRatio); // [B, T]
        return MaskedStatistics.Kept(perToken, responseMask).MoveToOuterDisposeScope(); // [B, T]
    }
}
