namespace Rlhf.Coordinator.Ratings;

/// <summary>What each pair of players has played together: all that a Bradley-Terry fit needs, however many comparisons there were.</summary>
internal sealed class PairTable
{
    // Of each comparison: its pair, and the share of a win for that pair's first player.
    private readonly int[] _pairOf;
    private readonly double[] _shareOf;

    private PairTable(int[] pairOf, double[] shareOf, int[] first, int[] second)
    {
        (_pairOf, _shareOf, First, Second) = (pairOf, shareOf, first, second);
        (Wins, Games) = (new double[first.Length], new double[first.Length]);
    }

    /// <summary>The pair's first player, by pair.</summary>
    public int[] First { get; }

    /// <summary>The pair's second player, by pair.</summary>
    public int[] Second { get; }

    /// <summary>Games that the first won, soft outcomes as their share, by pair.</summary>
    public double[] Wins { get; }

    /// <summary>Games, by pair.</summary>
    public double[] Games { get; }

    /// <summary>Number of pairs.</summary>
    public int Count => First.Length;

    /// <summary>The table of some comparisons.</summary>
    public static PairTable Of(IReadOnlyCollection<Comparison> comparisons)
    {
        var (pairOf, shareOf) = (new int[comparisons.Count], new double[comparisons.Count]);
        var index = new Dictionary<(int First, int Second), int>();
        var game = 0;
        foreach (var (first, second, outcome) in comparisons)
        {
            var isTurned = first > second;
            var pair = isTurned ? (second, first) : (first, second);
            if (!index.TryGetValue(pair, out pairOf[game]))
            {
                index[pair] = pairOf[game] = index.Count;
            }

            shareOf[game++] = isTurned ? 1 - outcome : outcome;
        }

        // A dictionary from which nothing is removed lists its keys in the order in which they came.
        var table = new PairTable(pairOf, shareOf, [.. index.Keys.Select(pair => pair.First)], [.. index.Keys.Select(pair => pair.Second)]);
        for (game = 0; game < pairOf.Length; game++)
        {
            table.Enter(game);
        }

        return table;
    }

    /// <summary>The table of as many comparisons, drawn from these with replacement.</summary>
    public PairTable Resampled(Random random)
    {
        var table = new PairTable(_pairOf, _shareOf, First, Second);
        for (var game = 0; game < _pairOf.Length; game++)
        {
#pragma warning disable CA5394 // Not for secrets: the same page twice shows the same intervals.
            table.Enter(random.Next(_pairOf.Length));
#pragma warning restore CA5394
        }

        return table;
    }

    private void Enter(int game)
    {
        Wins[_pairOf[game]] += _shareOf[game];
        Games[_pairOf[game]]++;
    }
}
