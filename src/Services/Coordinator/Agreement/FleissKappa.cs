namespace Rlhf.Coordinator.Agreement;

/// <summary>
/// Agreement beyond chance where each item has the same number of ratings, by whichever raters (Fleiss 1971); expected from the
/// habits of all together. With two ratings an item it is Scott's pi.
/// </summary>
internal static class FleissKappa
{
    /// <summary>Over items.</summary>
    /// <param name="counts">For each item, how many ratings it has in each category.</param>
    /// <exception cref="ArgumentException">The items don't have the same number of ratings, two at least.</exception>
    public static Kappa Of(IReadOnlyList<int[]> counts)
    {
        var raters = counts.Count == 0 ? 2 : counts[0].Sum();
        if (raters < 2 || counts.Any(item => item.Sum() != raters))
        {
            throw new ArgumentException("each item must have the same number of ratings, two at least", nameof(counts));
        }

        var (low, high) = Bootstrap.Interval(counts, ValueOf);
        return new Kappa(ValueOf(counts), low, high, counts.Count == 0 ? null : counts.Average(Agreement), counts.Count);
    }

    private static double? ValueOf(IReadOnlyList<int[]> counts)
    {
        if (counts.Count == 0)
        {
            return null;
        }

        var all = (double)counts.Sum(item => item.Sum());
        var shares = Enumerable.Range(0, counts[0].Length).Select(category => counts.Sum(item => item[category]) / all);
        var expected = shares.Sum(share => share * share);
        return expected >= 1 ? null : (counts.Average(Agreement) - expected) / (1 - expected);
    }

    /// <summary>Share of the pairs of an item's ratings that agree.</summary>
    private static double Agreement(int[] item)
    {
        var raters = item.Sum();
        return item.Sum(count => count * (count - 1)) / (double)(raters * (raters - 1));
    }
}
