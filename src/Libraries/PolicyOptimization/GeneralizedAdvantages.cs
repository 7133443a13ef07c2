using Rlhf.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization;

/// <summary>Generalized advantage estimation (Schulman et al. 2016, arXiv:1506.02438, eq. 16).</summary>
public static class GeneralizedAdvantages
{
    /// <summary>
    /// delta_t = r_t + gamma · V_{t+1} - V_t; A_t = delta_t + gamma · lambda · A_{t+1}; return = A + V.
    /// A response ends after its last token: the value beyond it is 0.
    /// </summary>
    /// <param name="rewards">[B, T] float, reward per token after the KL penalty.</param>
    /// <param name="values">[B, T] float, the value head's predictions when the rollout was made.</param>
    /// <param name="responseMask">[B, T] bool, true on sampled tokens; positions between them are stepped over.</param>
    /// <param name="gamma">Discount, 0 to 1; 1 in RLHF.</param>
    /// <param name="lambda">0 (one-step differences) to 1 (whole returns); published value .95.</param>
    /// <returns>Unnormalised advantages and returns, both [B, T]; the caller owns them.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape.</exception>
    public static AdvantageEstimate Estimate(Tensor rewards, Tensor values, Tensor responseMask, double gamma, double lambda)
    {
        Shapes.RequireRank(rewards, nameof(rewards), 2, "[B, T]");
        using var scope = NewDisposeScope();
        using Scalar kept = gamma;
        var discounts = full_like(rewards, kept); // [B, T]
        var bootstrapValues = zeros_like(rewards.select(1, 0)); // [B]
        return MoveOut(Estimate(rewards, values, responseMask, discounts, bootstrapValues, lambda));
    }

    /// <summary>
    /// The general form: every step has its own discount (0 where an episode ended), and the value after the last step is given.
    /// </summary>
    /// <param name="rewards">[B, T] float.</param>
    /// <param name="values">[B, T] float.</param>
    /// <param name="responseMask">[B, T] bool.</param>
    /// <param name="discounts">[B, T] float, gamma · (1 - the episode ends after this step).</param>
    /// <param name="bootstrapValues">[B] float, value of what follows the last step; 0 where nothing follows.</param>
    /// <param name="lambda">0 to 1.</param>
    /// <returns>Unnormalised advantages and returns, both [B, T]; the caller owns them.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape.</exception>
    public static AdvantageEstimate Estimate(
        Tensor rewards, Tensor values, Tensor responseMask, Tensor discounts, Tensor bootstrapValues, double lambda)
    {
        Shapes.RequireRank(rewards, nameof(rewards), 2, "[B, T]");
        Shapes.RequireSame(rewards, nameof(rewards), values, nameof(values));
        Shapes.RequireSame(rewards, nameof(rewards), discounts, nameof(discounts));
        Shapes.RequireMask(rewards, nameof(rewards), responseMask, nameof(responseMask));
        Shapes.RequireRank(bootstrapValues, nameof(bootstrapValues), 1, "[B]");

        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        var length = (int)rewards.shape[1];
        var nextValue = bootstrapValues; // [B]
        var nextAdvantage = zeros_like(bootstrapValues); // [B]
        var advantages = new Tensor[length];
        for (var t = length - 1; t >= 0; t--)
        {
            var isResponse = responseMask.select(1, t); // [B]
            var value = values.select(1, t); // [B]
            var discount = discounts.select(1, t); // [B]
            var delta = rewards.select(1, t).Plus(discount * nextValue) - value; // [B]
            var advantage = delta.Plus(discount.Times(lambda) * nextAdvantage); // [B]
            // A position that is not of the response hands on what follows it.
            nextValue = where(isResponse, value, nextValue); // [B]
            nextAdvantage = where(isResponse, advantage, nextAdvantage); // [B]
            advantages[t] = advantage;
        }

        var zero = zeros_like(rewards); // [B, T]
        var masked = where(responseMask, stack(advantages, 1), zero); // [B, T]
        var returns = where(responseMask, masked.Plus(values), zero); // [B, T]
        return MoveOut(new AdvantageEstimate(masked, returns));
    }

    private static AdvantageEstimate MoveOut(AdvantageEstimate estimate)
    {
        estimate.Advantages.MoveToOuterDisposeScope();
        estimate.Returns.MoveToOuterDisposeScope();
        return estimate;
    }
}
