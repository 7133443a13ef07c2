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
    public static double[] Fit(int players, IReadOnlyCollection<Comparison> comparisons, double penalty) =>
        Fit(PairTable.Of(comparisons), new double[players], penalty);

    /// <summary>Fits strengths to what each pair of players has played together.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="start">Where to begin, one strength a player: near the maximum it takes fewer steps.</param>
    /// <param name="penalty">λ, above 0.</param>
    /// <returns>One strength a player; their mean is 0.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The penalty is not above 0.</exception>
    /// <exception cref="ArithmeticException">The fit did not converge.</exception>
    public static double[] Fit(PairTable pairs, IReadOnlyList<double> start, double penalty)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(penalty);
        double[] strengths = [.. start];
        var (gradient, variances) = (new double[strengths.Length], new double[pairs.Count]);
        var value = LogLikelihood(strengths, pairs, penalty);
        for (var iteration = 0; iteration < MaxIterations; iteration++)
        {
            Differentiate(strengths, pairs, penalty, gradient, variances);
            if (gradient.Length == 0 || gradient.Max(Math.Abs) < Tolerance)
            {
                break;
            }

            var step = Solve(pairs, variances, penalty, gradient);

            // Newton overshoots where outcomes are certain: halve until the likelihood does not fall.
            for (var share = 1.0; ; share /= 2)
            {
                if (share < 1e-12)
                {
                    throw new ArithmeticException("the Bradley-Terry fit did not converge");
                }

                var next = strengths.Zip(step, (strength, change) => strength + (share * change)).ToArray();
                var nextValue = LogLikelihood(next, pairs, penalty);
                if (nextValue >= value - (1e-12 * Math.Max(1, Math.Abs(value))))
                {
                    (strengths, value) = (next, nextValue);
                    break;
                }
            }
        }

        var mean = strengths.Length == 0 ? 0 : strengths.Average();
        return [.. strengths.Select(strength => strength - mean)];
    }

    private static double LogLikelihood(double[] strengths, PairTable pairs, double penalty)
    {
        var sum = 0.0;
        for (var pair = 0; pair < pairs.Count; pair++)
        {
            var difference = strengths[pairs.First[pair]] - strengths[pairs.Second[pair]];
            sum += (pairs.Wins[pair] * LogSigmoid(difference)) + ((pairs.Games[pair] - pairs.Wins[pair]) * LogSigmoid(-difference));
        }

        return sum - (penalty / 2 * strengths.Sum(strength => strength * strength));
    }

    private static double LogSigmoid(double x) => x >= 0 ? -Math.Log(1 + Math.Exp(-x)) : x - Math.Log(1 + Math.Exp(x));

    /// <summary>The gradient, and each pair's variance, of which the curvature consists.</summary>
    private static void Differentiate(double[] strengths, PairTable pairs, double penalty, double[] gradient, double[] variances)
    {
        for (var player = 0; player < strengths.Length; player++)
        {
            gradient[player] = -penalty * strengths[player];
        }

        for (var pair = 0; pair < pairs.Count; pair++)
        {
            var (first, second) = (pairs.First[pair], pairs.Second[pair]);
            var win = 1 / (1 + Math.Exp(strengths[second] - strengths[first]));
            var surprise = pairs.Wins[pair] - (pairs.Games[pair] * win);
            gradient[first] += surprise;
            gradient[second] -= surprise;
            variances[pair] = pairs.Games[pair] * win * (1 - win);
        }
    }

    /// <summary>
    /// Conjugate gradients with the curvature's diagonal as preconditioner (Hestenes and Stiefel 1952): the curvature is as sparse as
    /// the comparisons, and stays so for a hundred thousand players.
    /// </summary>
    private static double[] Solve(PairTable pairs, double[] variances, double penalty, double[] right)
    {
        var n = right.Length;
        var diagonal = Enumerable.Repeat(penalty, n).ToArray();
        for (var pair = 0; pair < pairs.Count; pair++)
        {
            diagonal[pairs.First[pair]] += variances[pair];
            diagonal[pairs.Second[pair]] += variances[pair];
        }

        var (x, residual, image) = (new double[n], (double[])right.Clone(), new double[n]);
        var direction = residual.Zip(diagonal, (value, scale) => value / scale).ToArray();
        var norm = Scaled(residual, diagonal);
        var enough = norm * 1e-24;
        for (var iteration = 0; iteration < (10 * n) + 100 && norm > enough; iteration++)
        {
            for (var i = 0; i < n; i++)
            {
                image[i] = diagonal[i] * direction[i];
            }

            for (var pair = 0; pair < pairs.Count; pair++)
            {
                var (first, second) = (pairs.First[pair], pairs.Second[pair]);
                image[first] -= variances[pair] * direction[second];
                image[second] -= variances[pair] * direction[first];
            }

            var length = norm / direction.Zip(image, (value, other) => value * other).Sum();
            for (var i = 0; i < n; i++)
            {
                x[i] += length * direction[i];
                residual[i] -= length * image[i];
            }

            var next = Scaled(residual, diagonal);
            for (var i = 0; i < n; i++)
            {
                direction[i] = (residual[i] / diagonal[i]) + (next / norm * direction[i]);
            }

            norm = next;
        }

        return x;
    }

    private static double Scaled(double[] residual, double[] diagonal)
    {
        var sum = 0.0;
        for (var i = 0; i < residual.Length; i++)
        {
            sum += residual[i] * residual[i] / diagonal[i];
        }

        return sum;
    }
}
