namespace Rlhf.LanguageModels;

/// <summary>Groups sequences of like length, so that a batch costs what its real tokens cost.</summary>
public static class LengthBuckets
{
    /// <summary>Padded tokens a batch that keep two processor cores busy without much memory.</summary>
    public const int DefaultTokens = 4096;

    /// <summary>Splits items into batches of similar length.</summary>
    /// <param name="items">The items.</param>
    /// <param name="length">Tokens of an item, 1 or more.</param>
    /// <param name="maxTokens">Padded tokens a batch; an item longer than that is a batch of its own.</param>
    /// <returns>Batches of indices into <paramref name="items"/>; in each, the longest is at most 1.25 times as long as the shortest, plus 8 tokens.</returns>
    public static IEnumerable<List<int>> Split<T>(IReadOnlyList<T> items, Func<T, int> length, int maxTokens)
    {
        var bucket = new List<int>();
        var longest = 0;
        foreach (var index in Enumerable.Range(0, items.Count).OrderByDescending(i => length(items[i])))
        {
            var tokens = length(items[index]);
            if (bucket.Count > 0 && ((bucket.Count + 1) * longest > maxTokens || longest > (tokens * 1.25) + 8))
            {
                yield return bucket;
                bucket = [];
            }

            longest = bucket.Count == 0 ? tokens : longest;
            bucket.Add(index);
        }

        if (bucket.Count > 0)
        {
            yield return bucket;
        }
    }
}
