namespace Rlhf.PolicyOptimization;

/// <summary>A shift and scale that give numbers mean 0 and variance 1, and back.</summary>
/// <param name="Mean">The numbers' mean.</param>
/// <param name="StandardDeviation">Their population standard deviation, above 0.</param>
public sealed record Standardisation(double Mean, double StandardDeviation)
{
    /// <summary>Measures the numbers.</summary>
    /// <param name="numbers">At least two different finite numbers.</param>
    /// <exception cref="ArgumentException">They have no spread, or one is not finite.</exception>
    public static Standardisation Measure(IReadOnlyCollection<double> numbers)
    {
        if (numbers.Any(number => !double.IsFinite(number)))
        {
            throw new ArgumentException("A number to standardise is not finite.", nameof(numbers));
        }

        if (numbers.Distinct().Take(2).Count() < 2)
        {
            throw new ArgumentException(
                $"The {numbers.Count} numbers to standardise are all the same: they have no scale.", nameof(numbers));
        }

        var mean = numbers.Average();
        var variance = numbers.Average(number => (number - mean) * (number - mean));
        return new Standardisation(mean, Math.Sqrt(variance));
    }

    /// <summary>(number - mean) / standard deviation.</summary>
    public double Apply(double number) => (number - Mean) / StandardDeviation;

    /// <summary>The inverse of <see cref="Apply"/>.</summary>
    public double Invert(double standardised) => Mean + StandardDeviation * standardised;
}
