using Rlhf.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization;

/// <summary>Rewards of the tokens of a response from the reward model's score and the KL to the baseline.</summary>
public static class TokenRewards
{
    /// <summary>
    /// r_t = -beta · (policy - reference) on every response token, plus the score on the last one
    /// (Ziegler et al. 2019, arXiv:1909.08593, eq. 2).
    /// </summary>
    /// <param name="scores">[B] float, normalised reward-model scores.</param>
    /// <param name="policyLogprobs">[B, T] float, of the policy that sampled.</param>
    /// <param name="referenceLogprobs">[B, T] float, of the frozen baseline.</param>
    /// <param name="responseMask">[B, T] bool, true on sampled tokens; at least one a row.</param>
    /// <param name="beta">Weight of the KL penalty.</param>
    /// <returns>[B, T], zero outside the mask; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape, or a row has no response token.</exception>
    public static Tensor FromScoreAndKl(
        Tensor scores, Tensor policyLogprobs, Tensor referenceLogprobs, Tensor responseMask, double beta)
    {
        Shapes.RequireRank(policyLogprobs, nameof(policyLogprobs), 2, "[B, T]");
        Shapes.RequireMask(policyLogprobs, nameof(policyLogprobs), responseMask, nameof(responseMask));
        RequireOnePerRow(scores, nameof(scores), responseMask);
        using var scope = NewDisposeScope();
        var k1 = KlEstimators.K1(policyLogprobs, referenceLogprobs); // [B, T]
        var penalty = where(responseMask, k1.Times(-beta), zeros_like(k1)); // [B, T]
        var last = ResponseMask.LastPosition(responseMask).unsqueeze(1); // [B, 1]
        return penalty.scatter_add(1, last, scores.to(penalty.dtype).unsqueeze(1)).MoveToOuterDisposeScope(); // [B, T]
    }

    /// <summary>Subtracts a penalty from the score of each response that did not finish.</summary>
    /// <param name="scores">[B] float.</param>
    /// <param name="isFinished">[B] bool, true where the response ended by itself.</param>
    /// <param name="penalty">0 or more, in score units.</param>
    /// <returns>[B]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape.</exception>
    public static Tensor PenaliseUnfinished(Tensor scores, Tensor isFinished, double penalty)
    {
        Shapes.RequireMask(scores, nameof(scores), isFinished, nameof(isFinished));
        using var scope = NewDisposeScope();
        return where(isFinished, scores, scores.Minus(penalty)).MoveToOuterDisposeScope(); // [B]
    }

    /// <summary>Replaces the score of each response that did not finish (InstructGPT's recipe: -1 before normalisation).</summary>
    /// <param name="scores">[B] float.</param>
    /// <param name="isFinished">[B] bool, true where the response ended by itself.</param>
    /// <param name="unfinishedScore">The score of every unfinished response.</param>
    /// <returns>[B]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape.</exception>
    public static Tensor ReplaceUnfinished(Tensor scores, Tensor isFinished, double unfinishedScore)
    {
        Shapes.RequireMask(scores, nameof(scores), isFinished, nameof(isFinished));
        using var scope = NewDisposeScope();
        using Scalar kept = unfinishedScore;
        return where(isFinished, scores, full_like(scores, kept)).MoveToOuterDisposeScope(); // [B]
    }

    private static void RequireOnePerRow(Tensor scores, string name, Tensor responseMask)
    {
        if (scores.dim() != 1 || scores.shape[0] != responseMask.shape[0])
        {
            throw new ArgumentException(
                $"{name} has shape {Shapes.Describe(scores)} but {nameof(responseMask)} has {Shapes.Describe(responseMask)}; "
                + $"{name} must hold one number a row.",
                name);
        }
    }
}
