using Rlhf.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization;

/// <summary>How far a policy has moved from the one that sampled, over response tokens.</summary>
/// <param name="LargestRatio">Largest exp(policy - rollout).</param>
/// <param name="LargestDeviation">Largest |exp(policy - rollout) - 1|: 0 before the first update.</param>
/// <param name="ClipFraction">Share of tokens whose ratio lies outside 1 ± the clip range.</param>
/// <param name="ApproximateKl">Mean k3 estimate of KL(rollout || policy), in nats a token.</param>
public sealed record RatioStatistics(double LargestRatio, double LargestDeviation, double ClipFraction, double ApproximateKl)
{
    /// <summary>Measures two sets of log-probabilities of the same tokens.</summary>
    /// <param name="policyLogprobs">[B, T] float.</param>
    /// <param name="rolloutLogprobs">[B, T] float.</param>
    /// <param name="responseMask">[B, T] bool, at least one true.</param>
    /// <param name="clipRange">epsilon of the policy loss.</param>
    /// <exception cref="ArgumentException">The tensors differ in shape, or nothing is true.</exception>
    public static RatioStatistics Measure(Tensor policyLogprobs, Tensor rolloutLogprobs, Tensor responseMask, double clipRange)
    {
        Shapes.RequireSame(policyLogprobs, nameof(policyLogprobs), rolloutLogprobs, nameof(rolloutLogprobs));
        Shapes.RequireMask(policyLogprobs, nameof(policyLogprobs), responseMask, nameof(responseMask));
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        var logRatio = (policyLogprobs - rolloutLogprobs).masked_select(responseMask).to(ScalarType.Float64); // [N]
        if (logRatio.numel() == 0)
        {
            throw new ArgumentException($"{nameof(responseMask)} has no true position.", nameof(responseMask));
        }

        var ratio = logRatio.exp(); // [N]
        var deviation = ratio.Minus(1).abs(); // [N]
        using Scalar range = clipRange;
        return new RatioStatistics(
            ratio.max().item<double>(),
            deviation.max().item<double>(),
            deviation.gt(range).to(ScalarType.Float64).mean().item<double>(),
            (logRatio.expm1() - logRatio).mean().item<double>());
    }
}
