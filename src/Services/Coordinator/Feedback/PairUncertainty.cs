using Rlhf.Coordinator.Ratings;

namespace Rlhf.Coordinator.Feedback;

/// <summary>How uncertain the order of a prompt's pairs is, by the comparisons so far.</summary>
internal static class PairUncertainty
{
    // The ratings stage's own.
    private const double Penalty = 0.01;

    /// <summary>
    /// Priorities of pairs, lower first: 1 where both answers are equally likely to be the better one, 2 where the order is certain.
    /// Below 1 there is room for what comes before all of them.
    /// </summary>
    /// <param name="answers">Number of answers.</param>
    /// <param name="comparisons">All comparisons of the prompt so far.</param>
    /// <param name="pairs">The pairs, by the answers' indices.</param>
    public static IReadOnlyList<double> Priorities(
        int answers, IReadOnlyCollection<Comparison> comparisons, IReadOnlyList<(int A, int B)> pairs)
    {
        var strengths = BradleyTerry.Fit(answers, comparisons, Penalty);
        return [.. pairs.Select(pair => 1 + Math.Abs(Math.Tanh((strengths[pair.A] - strengths[pair.B]) / 2)))];
    }
}
