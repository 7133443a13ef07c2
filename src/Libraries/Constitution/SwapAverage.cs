namespace Rlhf.Constitution;

/// <summary>
/// A preference between two answers from the label log-probabilities of both orders, so that a judge's liking for a
/// position cancels out.
/// </summary>
public sealed record SwapAverage
{
    /// <summary>Probability that A is better: the mean of the two orders.</summary>
    public required double PreferenceA { get; init; }

    /// <summary>P(A) when A stood first.</summary>
    public required double ProbabilityAFirst { get; init; }

    /// <summary>P(A) when A stood second.</summary>
    public required double ProbabilityASecond { get; init; }

    /// <summary>Both orders named the same position: the judge followed the position, not the content.</summary>
    public bool SamePosition => (ProbabilityAFirst - .5) * (ProbabilityASecond - .5) < 0;

    /// <summary>Softmax over the two labels in each order, then the mean.</summary>
    /// <param name="aFirst">Log-probabilities of the labels where A stood first.</param>
    /// <param name="aSecond">Log-probabilities of the labels where A stood second, that is, under label B.</param>
    /// <exception cref="ArgumentException">A log-probability is not a finite number.</exception>
    public static SwapAverage Of(LabelLogprobs aFirst, LabelLogprobs aSecond)
    {
        var first = aFirst.ProbabilityOfFirst();
        var second = 1 - aSecond.ProbabilityOfFirst();
        return new SwapAverage { PreferenceA = (first + second) / 2, ProbabilityAFirst = first, ProbabilityASecond = second };
    }
}
