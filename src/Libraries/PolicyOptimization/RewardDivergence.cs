namespace Rlhf.PolicyOptimization;

/// <summary>
/// A reward that rises while another measure of the same policy falls: how over-optimisation of a reward model shows
/// (Gao et al. 2022, arXiv:2210.10760). Both trends must be clear: least-squares slopes of more than three standard errors.
/// </summary>
/// <param name="ScoreChange">By how much the score's line rises over the window, above 0.</param>
/// <param name="EvaluationChange">By how much the evaluation's line falls over it, below 0.</param>
public sealed record RewardDivergence(double ScoreChange, double EvaluationChange)
{
    /// <summary>Steps looked at; fewer say nothing.</summary>
    public const int Window = 20;

    private const double ClearErrors = 3; // one in 260 that noise alone shows such a trend, and both must be

    /// <summary>Looks at the newest steps.</summary>
    /// <param name="series">Score and evaluation of each step, oldest first; of both more is better.</param>
    /// <returns>What was found; null where the two do not move apart.</returns>
    public static RewardDivergence? Find(IReadOnlyList<(double Score, double Evaluation)> series)
    {
        if (series.Count < Window)
        {
            return null;
        }

        var newest = series.Skip(series.Count - Window).ToArray();
        var score = Trend([.. newest.Select(step => step.Score)]);
        var evaluation = Trend([.. newest.Select(step => step.Evaluation)]);
        return score.Slope > ClearErrors * score.Error && evaluation.Slope < -ClearErrors * evaluation.Error
            ? new RewardDivergence(score.Slope * (Window - 1), evaluation.Slope * (Window - 1))
            : null;
    }

    /// <summary>The least-squares line through equally spaced numbers.</summary>
    private static (double Slope, double Error) Trend(double[] numbers)
    {
        var middle = (numbers.Length - 1) / 2.0;
        var mean = numbers.Average();
        var spread = numbers.Index().Sum(number => (number.Index - middle) * (number.Index - middle));
        var slope = numbers.Index().Sum(number => (number.Index - middle) * (number.Item - mean)) / spread;
        var residual = numbers.Index().Sum(number => Math.Pow(number.Item - mean - (slope * (number.Index - middle)), 2));
        return (slope, Math.Sqrt(residual / (numbers.Length - 2) / spread));
    }
}
