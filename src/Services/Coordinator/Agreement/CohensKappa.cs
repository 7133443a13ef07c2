namespace Rlhf.Coordinator.Agreement;

/// <summary>Agreement of two raters beyond chance (Cohen 1960): (observed − expected) / (1 − expected), expected from each one's own habits.</summary>
internal static class CohensKappa
{
    /// <summary>Over items that both have rated.</summary>
    /// <param name="ratings">Each one's category for an item, from 0.</param>
    /// <param name="categories">How many categories there are.</param>
    public static Kappa Of(IReadOnlyList<(int First, int Second)> ratings, int categories)
    {
        double? Value(IReadOnlyList<(int First, int Second)> sample) => ValueOf(sample, categories);
        var (low, high) = Bootstrap.Interval(ratings, Value);
        return new Kappa(
            Value(ratings), low, high, ratings.Count == 0 ? null : (double)ratings.Count(rating => rating.First == rating.Second) / ratings.Count, ratings.Count);
    }

    private static double? ValueOf(IReadOnlyList<(int First, int Second)> ratings, int categories)
    {
        var (first, second, agreed) = (new double[categories], new double[categories], 0.0);
        foreach (var rating in ratings)
        {
            first[rating.First]++;
            second[rating.Second]++;
            agreed += rating.First == rating.Second ? 1 : 0;
        }

        double n = ratings.Count;
        var expected = first.Zip(second, (a, b) => a * b).Sum() / (n * n);
        return n == 0 || expected >= 1 ? null : ((agreed / n) - expected) / (1 - expected);
    }
}
