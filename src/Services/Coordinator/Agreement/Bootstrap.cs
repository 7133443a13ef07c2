namespace Rlhf.Coordinator.Agreement;

/// <summary>Intervals by the percentile bootstrap (Efron 1979): the statistic of items drawn anew with replacement.</summary>
internal static class Bootstrap
{
    private const int Resamples = 1000;
    private const double Tail = 0.025;

    /// <summary>The 95 % interval; null ends where the statistic is undefined on half of the resamples or more.</summary>
    /// <param name="items">The items.</param>
    /// <param name="statistic">Of a sample of them; null where it is not defined.</param>
    public static (double? Low, double? High) Interval<T>(IReadOnlyList<T> items, Func<IReadOnlyList<T>, double?> statistic)
    {
        // The same labels give the same interval.
        var random = new Random(1);
        var sample = new T[items.Count];
        var values = new List<double>(Resamples);
        for (var i = 0; i < Resamples && items.Count > 0; i++)
        {
            for (var j = 0; j < sample.Length; j++)
            {
                sample[j] = items[random.Next(items.Count)];
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
