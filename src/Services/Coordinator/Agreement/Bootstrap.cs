namespace Rlhf.Coordinator.Agreement;

/// <summary>
/// Intervals by the percentile bootstrap (Efron 1979): the statistic of items drawn anew with replacement. Items of one kind are alike, so
/// what is drawn is how many there are of each kind: as fast for a hundred thousand items as for ten.
/// </summary>
internal static class Bootstrap
{
    private const int Resamples = 4000;
    private const double Tail = 0.025;

    /// <summary>The 95 % interval; null ends where the statistic is undefined on half of the resamples or more.</summary>
    /// <param name="counts">How many items there are of each kind.</param>
    /// <param name="statistic">Of a sample's counts; null where it is not defined.</param>
    public static (double? Low, double? High) Interval(IReadOnlyList<int> counts, Func<IReadOnlyList<int>, double?> statistic)
    {
        // The same labels give the same interval.
        var random = new Random(1);
        var items = counts.Sum();
        var binomial = new BinomialSampler(items);
        var sample = new int[counts.Count];
        var values = new List<double>(Resamples);
        for (var i = 0; i < Resamples && items > 0; i++)
        {
            // Of what is not drawn yet, each kind takes its share of the kinds that are left.
            var (undrawn, left) = (items, items);
            for (var kind = 0; kind < sample.Length; kind++)
            {
                sample[kind] = left == 0 ? 0 : binomial.Next(random, undrawn, (double)counts[kind] / left);
                (undrawn, left) = (undrawn - sample[kind], left - counts[kind]);
            }

            if (statistic(sample) is { } value)
            {
                values.Add(value);
            }
        }

        if (values.Count <= Resamples / 2)
        {
            return (null, null);
        }

        values.Sort();
        return (values[(int)(Tail * (values.Count - 1))], values[(int)Math.Ceiling((1 - Tail) * (values.Count - 1))]);
    }
}
