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

        // Many items have the same ratings.
        var kinds = counts.GroupBy(item => string.Join(' ', item)).Select(alike => (Ratings: alike.First(), Count: alike.Count())).ToList();
        var ratings = kinds.Select(kind => kind.Ratings).ToList();
        double? Value(IReadOnlyList<int> sample) => ValueOf(ratings, sample);
        var all = kinds.Select(kind => kind.Count).ToList();
        var (low, high) = Bootstrap.Interval(all, Value);
        return new Kappa(Value(all), low, high, counts.Count == 0 ? null : counts.Average(Agreement), counts.Count);
    }

    /// <summary>Of items of several kinds.</summary>
    /// <param name="ratings">Each kind's number of ratings in each category.</param>
    /// <param name="counts">How many items there are of each kind.</param>
    private static double? ValueOf(IReadOnlyList<int[]> ratings, IReadOnlyList<int> counts)
    {
        if (ratings.Count == 0)
        {
            return null;
        }

        double n = counts.Sum();
        double OfAll(Func<int[], double> figure) => ratings.Zip(counts, (item, count) => count * figure(item)).Sum() / n;
        var expected = Enumerable.Range(0, ratings[0].Length).Select(category => OfAll(item => item[category] / (double)item.Sum())).Sum(share => share * share);
        return expected >= 1 ? null : (OfAll(Agreement) - expected) / (1 - expected);
    }

    /// <summary>Share of the pairs of an item's ratings that agree.</summary>
    private static double Agreement(int[] item)
    {
        var raters = item.Sum();
        return item.Sum(count => count * (count - 1)) / (double)(raters * (raters - 1));
    }
}
