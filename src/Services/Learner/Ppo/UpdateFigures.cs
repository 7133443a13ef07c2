namespace Rlhf.Learner.Ppo;

/// <summary>What one update measured, over the response tokens of its minibatch and before the step.</summary>
/// <param name="PolicyLoss">The clipped loss, with its importance weights where those are used.</param>
/// <param name="ValueLoss">The clipped value loss, unweighted; 0 where no value function is used.</param>
/// <param name="LargestRatio">Largest ratio to the policy that the step began with.</param>
/// <param name="ClipFraction">Share of tokens whose ratio lies outside the clip range.</param>
/// <param name="ApproximateKl">k3 estimate of the KL to the policy that the step began with, in nats a token.</param>
/// <param name="GradientNorm">Length of the gradient before it was bounded.</param>
internal sealed record UpdateFigures(
    double PolicyLoss, double ValueLoss, double LargestRatio, double ClipFraction, double ApproximateKl, double GradientNorm)
{
    /// <summary>Nothing yet.</summary>
    public static UpdateFigures None { get; } = new(0, 0, 0, 0, 0, 0);

    /// <summary>Adds the figures of a part of the minibatch, whose means are already weighted by its share of the tokens.</summary>
    public UpdateFigures Plus(UpdateFigures part) => new(
        PolicyLoss + part.PolicyLoss,
        ValueLoss + part.ValueLoss,
        Math.Max(LargestRatio, part.LargestRatio),
        ClipFraction + part.ClipFraction,
        ApproximateKl + part.ApproximateKl,
        0);
}
