namespace Rlhf.Coordinator.Ratings;

/// <summary>
/// Maximum-likelihood strengths under P(i beats j) = σ(sᵢ − sⱼ) (Bradley and Terry 1952), with a quadratic penalty ½·λ·Σ s².
/// Without the penalty a player that wins everything has no finite strength.
/// </summary>
internal static class BradleyTerry
{
    private const int MaxIterations = 200;
    private const double Tolerance = 1e-10;

    /// <summary>One strength on Elo's scale is 400 / ln 10 points.</summary>
    public const double EloPerUnit = 173.71779276130073;

    /// <summary>Fits strengths by Newton's method; the problem is concave, so where it stops is the maximum.</summary>
    /// <param name="players">Number of players.</param>
    /// <param name="comparisons">Soft outcomes count as that share of a win.</param>
    /// <param name="penalty">λ, above 0.</param>
    /// <returns>One strength a player; their mean is 0.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The penalty is not above 0.</exception>
    /// <exception cref="ArithmeticException">The fit did not converge.</exception>
    public static double[] Fit(int players, IReadOnlyCollection<Comparison> comparisons, double penalty)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(penalty);
        var strengths = new double[players];
        var value = LogLikelihood(strengths, comparisons, penalty);
        for (var iteration = 0; iteration < MaxIterations; iteration++)
        {
            var (gradient, curvature) = Derivatives(strengths, comparisons, penalty);
            if (gradient.Max(Math.Abs) < Tolerance)
            {
                break;
            }

            var step = Solve(curvature, gradient);

            // Newton overshoots where outcomes are certain: halve until the likelihood does not fall.
            for (var share = 1.0; ; share /= 2)
            {
                if (share < 1e-12)
                {
                    throw new ArithmeticException("the Bradley-Terry fit did not converge");
                }

                var next = strengths.Zip(step, (strength, change) => strength + (share * change)).ToArray();
                var nextValue = LogLikelihood(next, comparisons, penalty);
                if (nextValue >= value - 1e-12)
                {
                    (strengths, value) = (next, nextValue);
                    break;
                }
            }
        }

        var mean = players == 0 ? 0 : strengths.Average();
        return [.. strengths.Select(strength => strength - mean)];
    }

    private static double LogLikelihood(double[] strengths, IEnumerable<Comparison> comparisons, double penalty) =>
        comparisons.Sum(comparison =>
        {
            var difference = strengths[comparison.First] - strengths[comparison.Second];
            return (comparison.Outcome * LogSigmoid(difference)) + ((1 - comparison.Outcome) * LogSigmoid(-difference));
        }) - (penalty / 2 * strengths.Sum(strength => strength * strength));

    private static double LogSigmoid(double x) => x >= 0 ? -Math.Log(1 + Math.Exp(-x)) : x - Math.Log(1 + Math.Exp(x));

    private static (double[] Gradient, double[,] Curvature) Derivatives(
        double[] strengths, IEnumerable<Comparison> comparisons, double penalty)
    {
        var gradient = strengths.Select(strength => -penalty * strength).ToArray();
        var curvature = new double[strengths.Length, strengths.Length];
        for (var i = 0; i < strengths.Length; i++)
        {
            curvature[i, i] = penalty;
        }

        foreach (var (first, second, outcome) in comparisons)
        {
            var win = 1 / (1 + Math.Exp(strengths[second] - strengths[first]));
            var variance = win * (1 - win);
            gradient[first] += outcome - win;
            gradient[second] -= outcome - win;
            curvature[first, first] += variance;
            curvature[second, second] += variance;
            curvature[first, second] -= variance;
            curvature[second, first] -= variance;
        }

        return (gradient, curvature);
    }

    /// <summary>Gaussian elimination with row exchange; the matrix is positive definite, and small: the responses to one prompt.</summary>
    private static double[] Solve(double[,] matrix, double[] right)
    {
        var n = right.Length;
        var a = (double[,])matrix.Clone();
        var x = (double[])right.Clone();
        for (var column = 0; column < n; column++)
        {
            var pivot = Enumerable.Range(column, n - column).MaxBy(row => Math.Abs(a[row, column]));
            for (var k = 0; k < n; k++)
            {
                (a[column, k], a[pivot, k]) = (a[pivot, k], a[column, k]);
            }

            (x[column], x[pivot]) = (x[pivot], x[column]);
            for (var row = column + 1; row < n; row++)
            {
                var factor = a[row, column] / a[column, column];
                for (var k = column; k < n; k++)
                {
                    a[row, k] -= factor * a[column, k];
                }

                x[row] -= factor * x[column];
            }
        }

        for (var row = n - 1; row >= 0; row--)
        {
            for (var k = row + 1; k < n; k++)
            {
                x[row] -= a[row, k] * x[k];
            }

            x[row] /= a[row, row];
        }

        return x;
    }
}
