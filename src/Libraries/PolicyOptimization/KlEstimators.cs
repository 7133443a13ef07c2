using Rlhf.Tensors;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization;

/// <summary>
/// Estimators of KL(policy || reference) from one sampled token each (Schulman, "Approximating KL divergence", 2020).
/// k1 belongs inside the reward; k2 and k3 belong inside a loss.
/// </summary>
public static class KlEstimators
{
    /// <summary>log-ratio: policy - reference. Unbiased, of either sign.</summary>
    /// <param name="policyLogprobs">[...], log-probabilities under the distribution that sampled.</param>
    /// <param name="referenceLogprobs">[...], of the same tokens under the reference.</param>
    /// <returns>[...]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape.</exception>
    public static Tensor K1(Tensor policyLogprobs, Tensor referenceLogprobs)
    {
        Shapes.RequireSame(policyLogprobs, nameof(policyLogprobs), referenceLogprobs, nameof(referenceLogprobs));
        return policyLogprobs - referenceLogprobs; // [...]
    }

    /// <summary>Half the squared log-ratio: never negative, biased, its gradient is right.</summary>
    /// <inheritdoc cref="K1" path="/param|/returns|/exception"/>
    public static Tensor K2(Tensor policyLogprobs, Tensor referenceLogprobs)
    {
        using var scope = NewDisposeScope();
        return K1(policyLogprobs, referenceLogprobs).Squared().DividedBy(2).MoveToOuterDisposeScope(); // [...]
    }

    /// <summary>exp(-k1) - 1 + k1: never negative and unbiased.</summary>
    /// <inheritdoc cref="K1" path="/param|/returns|/exception"/>
    public static Tensor K3(Tensor policyLogprobs, Tensor referenceLogprobs)
    {
        using var scope = NewDisposeScope();
        var k1 = K1(policyLogprobs, referenceLogprobs); // [...]
        return (-k1).expm1().Plus(k1).MoveToOuterDisposeScope(); // [...]
    }
}
