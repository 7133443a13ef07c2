namespace Rlhf.Coordinator.Agreement;

/// <summary>Agreement of two raters beyond chance (Cohen 1960): (observed − expected) / (1 − expected), expected from each one's own habits.</summary>
internal static class CohensKappa
{
    /// <summary>Over items that both have rated.</summary>
    /// <param name="ratings">Each one's category for an item, from 0.</param>
    /// <param name="categories">How many categories there are.</param>
    public static Kappa Of(IReadOnlyList<(int First, int Second)> ratings, int categories)
    {
        // How often the two said each pair of categories.
        var counts = new int[categories * categories];
        foreach (var (first, second) in ratings)
        {
            counts[(first * categories) + second]++;
        }

        double? Value(IReadOnlyList<int> table) => ValueOf(table, categories);
        var (low, high) = Bootstrap.Interval(counts, Value);
        return new Kappa(
            Value(counts), low, high, ratings.Count == 0 ? null : (double)ratings.Count(rating => rating.First == rating.Second) / ratings.Count, ratings.Count);
    }

    private static double? ValueOf(IReadOnlyList<int> table, int categories)
    {
        var (first, second, agreed, n) = (new double[categories], new double[categories], 0.0, 0.0);
        for (var i = 0; i < table.Count; i++)
        {
            var (row, column) = (i / categories, i % categories);
            first[row] += table[i];
            second[column] += table[i];
            agreed += row == column ? table[i] : 0;
            n += table[i];
        }

        var expected = first.Zip(second, (a, b) => a * b).Sum() / (n * n);
        return n == 0 || expected >= 1 ? null : ((agreed / n) - expected) / (1 - expected);
    }
}
