namespace Rlhf.Coordinator.Agreement;

/// <summary>A share of a number of cases, with its 95 % interval by Wilson's score (Wilson 1927), which holds for few cases and at the ends too.</summary>
/// <param name="Value">Null where there is no case.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="Of">The number of cases.</param>
internal sealed record Share(double? Value, double? Low, double? High, int Of)
{
    // The 97.5 % point of the normal distribution.
    private const double Z = 1.959963984540054;

    /// <summary>So many of so many.</summary>
    public static Share Counted(int count, int of)
    {
        if (of == 0)
        {
            return new Share(null, null, null, 0);
        }

        var (p, n) = ((double)count / of, (double)of);
        var centre = (p + (Z * Z / (2 * n))) / (1 + (Z * Z / n));
        var half = Z / (1 + (Z * Z / n)) * Math.Sqrt((p * (1 - p) / n) + (Z * Z / (4 * n * n)));
        return new Share(p, Math.Max(0, centre - half), Math.Min(1, centre + half), of);
    }
}
