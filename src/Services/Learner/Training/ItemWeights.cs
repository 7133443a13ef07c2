namespace Rlhf.Learner.Training;

/// <summary>What each item of training data counts in the loss of each member of an ensemble.</summary>
/// <param name="values">[items][members].</param>
internal sealed class ItemWeights(float[][] values)
{
    /// <summary>
    /// The sources' weights, scaled to a mean of 1 over the items, times how often a member's resample holds the item: as many draws
    /// with replacement as there are items (the bootstrap; Efron 1979). A model of one member sees every item once.
    /// </summary>
    /// <param name="sources">The source of each item.</param>
    /// <param name="sourceWeights">By source; what isn't named counts 1.</param>
    /// <param name="members">1 or more.</param>
    /// <param name="seed">Of the resamples.</param>
    /// <exception cref="ArgumentException">A weight is of a source that no item has.</exception>
    public static ItemWeights Draw(
        IReadOnlyList<string> sources, IReadOnlyDictionary<string, double> sourceWeights, int members, ulong seed)
    {
        if (sourceWeights.Keys.FirstOrDefault(name => !sources.Contains(name)) is { } unknown)
        {
            throw new ArgumentException($"No training item is of the source '{unknown}'; name one of {string.Join(", ", sources.Distinct().Select(source => $"'{source}'"))}.", nameof(sourceWeights));
        }

        var weights = sources.Select(source => sourceWeights.GetValueOrDefault(source, 1)).ToArray();
        var mean = weights.Length == 0 ? 1 : weights.Average();
        var values = weights.Select(weight => Enumerable.Repeat(members == 1 ? (float)(weight / mean) : 0, members).ToArray()).ToArray();
        for (var member = 0; members > 1 && member < members; member++)
        {
            var random = new Random(Seeds.ForRandom(Seeds.Derive(seed, (ulong)member)));
            for (var draw = 0; draw < values.Length; draw++)
            {
                var item = random.Next(values.Length);
                values[item][member] += (float)(weights[item] / mean);
            }
        }

        return new ItemWeights(values);
    }

    /// <summary>
    /// The same sources' weights where each source has a head of its own: an item counts in that head alone, as many times as there are
    /// heads, since the loss is a mean over the heads.
    /// </summary>
    /// <param name="sources">The source of each item.</param>
    /// <param name="sourceWeights">By source; what isn't named counts 1.</param>
    /// <param name="heads">The source of each head, every one that an item has among them.</param>
    /// <exception cref="ArgumentException">A head has no item to learn from, or a weight is of a source that no item has.</exception>
    public static ItemWeights Divide(
        IReadOnlyList<string> sources, IReadOnlyDictionary<string, double> sourceWeights, IReadOnlyList<string> heads)
    {
        if (heads.Except(sources).FirstOrDefault() is { } untrained)
        {
            throw new ArgumentException(
                $"No training item is of the source '{untrained}', so its head would learn nothing; add some, or leave out what else is of that source.", nameof(sources));
        }

        var weights = Draw(sources, sourceWeights, members: 1, seed: 0).Of(Enumerable.Range(0, sources.Count));
        return new ItemWeights([.. sources.Zip(weights, (source, weight) => heads.Select(head => head == source ? heads.Count * weight : 0).ToArray())]);
    }

    /// <summary>The weights of some items, item after item and in each member after member.</summary>
    public float[] Of(IEnumerable<int> items) => [.. items.SelectMany(item => values[item])];
}
