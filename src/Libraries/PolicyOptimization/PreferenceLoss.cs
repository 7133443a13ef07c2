using Rlhf.Tensors;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization;

/// <summary>Losses that teach a reward model which of two answers is preferred, or what rating an answer has.</summary>
public static class PreferenceLoss
{
    /// <summary>
    /// Bradley–Terry with hard labels: mean of -log sigmoid(chosen - rejected - margin)
    /// (Stiennon et al. 2020, arXiv:2009.01325; margins as in arXiv:2307.09288).
    /// </summary>
    /// <param name="chosenScores">[N] float.</param>
    /// <param name="rejectedScores">[N] float.</param>
    /// <param name="margins">[N] float, 0 where the choice was slight.</param>
    /// <returns>[]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors are not [N] or differ in size.</exception>
    public static Tensor PairwiseHard(Tensor chosenScores, Tensor rejectedScores, Tensor margins)
    {
        RequirePairs(chosenScores, nameof(chosenScores), rejectedScores, nameof(rejectedScores));
        using var scope = NewDisposeScope();
        var losses = PairwiseOfEach(chosenScores, rejectedScores, ones_like(chosenScores), margins); // [N]
        return losses.mean().MoveToOuterDisposeScope(); // []
    }

    /// <summary>
    /// Bradley–Terry with soft labels: mean of -p · log sigmoid(a - b) - (1 - p) · log sigmoid(b - a)
    /// (Bai et al. 2022, arXiv:2212.08073, section 4.1).
    /// </summary>
    /// <param name="scoresA">[N] float.</param>
    /// <param name="scoresB">[N] float.</param>
    /// <param name="preferencesA">[N] float, probability that A is better.</param>
    /// <returns>[]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors are not [N] or differ in size.</exception>
    public static Tensor PairwiseSoft(Tensor scoresA, Tensor scoresB, Tensor preferencesA)
    {
        RequirePairs(scoresA, nameof(scoresA), scoresB, nameof(scoresB));
        using var scope = NewDisposeScope();
        return PairwiseOfEach(scoresA, scoresB, preferencesA, zeros_like(scoresA)).mean().MoveToOuterDisposeScope(); // []
    }

    /// <summary>
    /// Bradley–Terry with soft labels and margins, for each pair: -p · log sigmoid(a - b - margin) - (1 - p) · log sigmoid(b - a - margin).
    /// </summary>
    /// <param name="scoresA">[N] float.</param>
    /// <param name="scoresB">[N] float.</param>
    /// <param name="preferencesA">[N] float, probability that A is better.</param>
    /// <param name="margins">[N] float, 0 or more: how far the better score is to be above the other.</param>
    /// <returns>[N]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors are not [N] or differ in size.</exception>
    public static Tensor PairwiseOfEach(Tensor scoresA, Tensor scoresB, Tensor preferencesA, Tensor margins)
    {
        RequirePairs(scoresA, nameof(scoresA), scoresB, nameof(scoresB));
        Shapes.RequireSame(scoresA, nameof(scoresA), preferencesA, nameof(preferencesA));
        Shapes.RequireSame(scoresA, nameof(scoresA), margins, nameof(margins));
        using var scope = NewDisposeScope();
        var difference = scoresA - scoresB; // [N]
        var losses = -preferencesA * nn.functional.logsigmoid(difference - margins)
            - preferencesA.Complement() * nn.functional.logsigmoid(-difference - margins); // [N]
        return losses.MoveToOuterDisposeScope();
    }

    /// <summary>Mean of (a + b)²: keeps the scores' free shift near 0. Usual weight .01 (arXiv:2312.09244).</summary>
    /// <param name="scoresA">[N] float.</param>
    /// <param name="scoresB">[N] float.</param>
    /// <returns>[]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors are not [N] or differ in size.</exception>
    public static Tensor Centring(Tensor scoresA, Tensor scoresB)
    {
        using var scope = NewDisposeScope();
        return CentringOfEach(scoresA, scoresB).mean().MoveToOuterDisposeScope(); // []
    }

    /// <summary>(a + b)² of each pair.</summary>
    /// <returns>[N]; the caller owns it.</returns>
    /// <inheritdoc cref="Centring" path="/param|/exception"/>
    public static Tensor CentringOfEach(Tensor scoresA, Tensor scoresB)
    {
        RequirePairs(scoresA, nameof(scoresA), scoresB, nameof(scoresB));
        using var scope = NewDisposeScope();
        return scoresA.Plus(scoresB).Squared().MoveToOuterDisposeScope(); // [N]
    }

    /// <summary>Mean squared error of scores against standardised ratings.</summary>
    /// <param name="scores">[N] float.</param>
    /// <param name="ratings">[N] float, standardised: see <see cref="Standardisation"/>.</param>
    /// <returns>[]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors are not [N] or differ in size.</exception>
    public static Tensor SquaredError(Tensor scores, Tensor ratings)
    {
        using var scope = NewDisposeScope();
        return SquaredErrorOfEach(scores, ratings).mean().MoveToOuterDisposeScope(); // []
    }

    /// <summary>Squared error of each score.</summary>
    /// <returns>[N]; the caller owns it.</returns>
    /// <inheritdoc cref="SquaredError" path="/param|/exception"/>
    public static Tensor SquaredErrorOfEach(Tensor scores, Tensor ratings)
    {
        RequirePairs(scores, nameof(scores), ratings, nameof(ratings));
        using var scope = NewDisposeScope();
        return (scores - ratings).Squared().MoveToOuterDisposeScope(); // [N]
    }

    /// <summary>Mean absolute error of scores against standardised ratings.</summary>
    /// <inheritdoc cref="SquaredError" path="/param|/returns|/exception"/>
    public static Tensor AbsoluteError(Tensor scores, Tensor ratings)
    {
        using var scope = NewDisposeScope();
        return AbsoluteErrorOfEach(scores, ratings).mean().MoveToOuterDisposeScope(); // []
    }

    /// <summary>Absolute error of each score.</summary>
    /// <returns>[N]; the caller owns it.</returns>
    /// <inheritdoc cref="SquaredError" path="/param|/exception"/>
    public static Tensor AbsoluteErrorOfEach(Tensor scores, Tensor ratings)
    {
        RequirePairs(scores, nameof(scores), ratings, nameof(ratings));
        using var scope = NewDisposeScope();
        return (scores - ratings).abs().MoveToOuterDisposeScope(); // [N]
    }

    private static void RequirePairs(Tensor a, string nameA, Tensor b, string nameB)
    {
        Shapes.RequireRank(a, nameA, 1, "[N]");
        Shapes.RequireSame(a, nameA, b, nameB);
    }
}
