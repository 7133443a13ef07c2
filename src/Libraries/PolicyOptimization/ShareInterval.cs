namespace Rlhf.PolicyOptimization;

/// <summary>Where a share that was measured on a sample lies with 95 % confidence.</summary>
/// <param name="Low">Lower end, 0 to 1.</param>
/// <param name="High">Upper end, 0 to 1.</param>
public sealed record ShareInterval(double Low, double High)
{
    private const double Normal95 = 1.959963984540054; // two-sided quantile of the normal distribution

    /// <summary>Wilson's score interval (Wilson 1927, "Probable inference, the law of succession, and statistical inference").</summary>
    /// <param name="hits">Of the sample; half hits count half.</param>
    /// <param name="size">The sample's size, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no sample, or there are more hits than that.</exception>
    public static ShareInterval Wilson(double hits, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(hits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hits, size);
        var share = hits / size;
        var squared = Normal95 * Normal95;
        var centre = (share + (squared / (2 * size))) / (1 + (squared / size));
        var half = Normal95 / (1 + (squared / size)) * Math.Sqrt((share * (1 - share) / size) + (squared / (4.0 * size * size)));
        return new ShareInterval(Math.Max(0, centre - half), Math.Min(1, centre + half));
    }
}
