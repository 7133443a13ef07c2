using Rlhf.LanguageModels;

namespace Rlhf.Learner.Training;

/// <summary>Which items are trained on together.</summary>
internal static class Minibatches
{
    private const double LengthJitter = 0.3; // neighbours in length meet in a new combination each epoch

    /// <summary>
    /// One epoch: every index once, in batches of items of like length, the batches in random order. The last may be smaller.
    /// </summary>
    /// <param name="lengths">Tokens of each item.</param>
    /// <param name="size">Items a batch.</param>
    /// <param name="random">Where the order comes from.</param>
    public static List<int[]> Epoch(IReadOnlyList<int> lengths, int size, Random random)
    {
        var order = Enumerable.Range(0, lengths.Count)
            .Select(index => (index, key: lengths[index] * (1 + (LengthJitter * random.NextDouble()))))
            .OrderBy(item => item.key)
            .Select(item => item.index);
        var batches = order.Chunk(size).ToArray();
        random.Shuffle(batches);
        return [.. batches];
    }

    /// <summary>Splits a batch into parts small enough for memory; their gradients add up to the batch's.</summary>
    /// <param name="batch">Indices of items.</param>
    /// <param name="lengths">Tokens of each item.</param>
    /// <param name="maxTokens">Padded tokens a part.</param>
    public static IEnumerable<int[]> Parts(int[] batch, IReadOnlyList<int> lengths, int maxTokens = LengthBuckets.DefaultTokens) =>
        LengthBuckets.Split(batch, index => lengths[index], maxTokens).Select(part => part.Select(i => batch[i]).ToArray());

    /// <summary>The same without padding: sequences follow each other in rows, the longest first and those of equal lengths together.</summary>
    /// <param name="batch">Indices of items.</param>
    /// <param name="lengths">Tokens of each item.</param>
    /// <param name="maxTokens">Tokens a row; an item longer than that is a row of its own.</param>
    public static IEnumerable<int[]> Rows(int[] batch, IReadOnlyList<int> lengths, int maxTokens = LengthBuckets.DefaultTokens)
    {
        var row = new List<int>();
        var tokens = 0;
        foreach (var item in batch.OrderByDescending(item => lengths[item]))
        {
            if (row.Count > 0 && tokens + lengths[item] > maxTokens)
            {
                yield return [.. row];
                row.Clear();
                tokens = 0;
            }

            row.Add(item);
            tokens += lengths[item];
        }

        if (row.Count > 0)
        {
            yield return [.. row];
        }
    }
}
