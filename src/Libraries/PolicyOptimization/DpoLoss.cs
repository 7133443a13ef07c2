using Rlhf.Tensors;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization;

/// <summary>
/// Direct preference optimization (Rafailov et al. 2023, arXiv:2305.18290): the policy learns from comparisons without a reward
/// model, its own log-ratio to the baseline being the reward. All log-probabilities here are sums over a response's tokens.
/// </summary>
public static class DpoLoss
{
    /// <summary>beta · (policy - reference): the reward that the policy gives its responses, up to a shift a prompt (eq. 5).</summary>
    /// <param name="policyLogprobs">[N] float, of the policy being trained, summed over each response.</param>
    /// <param name="referenceLogprobs">[N] float, the same of the frozen baseline.</param>
    /// <param name="beta">Above 0; the smaller, the farther from the baseline; published value .1.</param>
    /// <returns>[N], differentiable; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors are not [N] or differ in size, or beta is not positive.</exception>
    public static Tensor ImplicitRewards(Tensor policyLogprobs, Tensor referenceLogprobs, double beta)
    {
        Shapes.RequireRank(policyLogprobs, nameof(policyLogprobs), 1, "[N]");
        Shapes.RequireSame(policyLogprobs, nameof(policyLogprobs), referenceLogprobs, nameof(referenceLogprobs));
        if (!(beta > 0))
        {
            throw new ArgumentException($"{nameof(beta)} is {beta} but must be above 0: without it the baseline holds nothing.", nameof(beta));
        }

        using var scope = NewDisposeScope();
        return (policyLogprobs - referenceLogprobs).Times(beta).MoveToOuterDisposeScope(); // [N]
    }

    /// <summary>
    /// Mean of -p · log sigmoid(a - b) - (1 - p) · log sigmoid(b - a) of implicit rewards a and b (eq. 7, with soft labels).
    /// </summary>
    /// <param name="rewardsA">[N] float, see <see cref="ImplicitRewards"/>.</param>
    /// <param name="rewardsB">[N] float.</param>
    /// <param name="preferencesA">[N] float, probability that A is better; 1 or 0 is a hard label.</param>
    /// <returns>[]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors are not [N] or differ in size.</exception>
    public static Tensor Logistic(Tensor rewardsA, Tensor rewardsB, Tensor preferencesA) =>
        PreferenceLoss.PairwiseSoft(rewardsA, rewardsB, preferencesA); // []

    /// <summary>
    /// Identity preference optimization (Azar et al. 2023, arXiv:2310.12036, eq. 17): mean of p · (a - b - ½)² + (1 - p) · (b - a - ½)²
    /// of implicit rewards, divided by beta². Certain preferences don't pull the policy ever farther from the baseline.
    /// </summary>
    /// <inheritdoc cref="Logistic" path="/param|/returns|/exception"/>
    /// <param name="beta">Of the implicit rewards; tau in the paper.</param>
    public static Tensor Identity(Tensor rewardsA, Tensor rewardsB, Tensor preferencesA, double beta)
    {
        Shapes.RequireRank(rewardsA, nameof(rewardsA), 1, "[N]");
        Shapes.RequireSame(rewardsA, nameof(rewardsA), rewardsB, nameof(rewardsB));
        Shapes.RequireSame(rewardsA, nameof(rewardsA), preferencesA, nameof(preferencesA));
        using var scope = NewDisposeScope();
        var difference = rewardsA - rewardsB; // [N]
        var perPair = (preferencesA * difference.Minus(0.5).Squared()).Plus(preferencesA.Complement() * (-difference).Minus(0.5).Squared()); // [N]
        return perPair.mean().DividedBy(beta * beta).MoveToOuterDisposeScope(); // []
    }

    /// <summary>(1 - 2 · smoothing) · p + smoothing: labels of which a share is taken to be the wrong way round ("conservative" DPO).</summary>
    /// <param name="preferencesA">[N] float, probability that A is better.</param>
    /// <param name="smoothing">That share, 0 to below ½.</param>
    /// <returns>[N]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The share is out of its range.</exception>
    public static Tensor SmoothedLabels(Tensor preferencesA, double smoothing)
    {
        if (smoothing is not (>= 0 and < 0.5))
        {
            throw new ArgumentException($"{nameof(smoothing)} is {smoothing} but must be 0 or more and below one half.", nameof(smoothing));
        }

        using var scope = NewDisposeScope();
        return preferencesA.Times(1 - (2 * smoothing)).Plus(smoothing).MoveToOuterDisposeScope(); // [N]
    }
}
