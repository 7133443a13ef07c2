namespace Rlhf.Coordinator.Ratings;

/// <summary>Elo ratings, updated comparison by comparison; the order of the comparisons matters.</summary>
internal static class Elo
{
    /// <summary>Every response starts here.</summary>
    public const double Start = 1000;

    /// <summary>Expected outcome for the first of two players: 1 / (1 + 10^((other − own) / 400)).</summary>
    public static double Expected(double own, double other) => 1 / (1 + Math.Pow(10, (other - own) / 400));

    /// <summary>Ratings after all comparisons.</summary>
    /// <param name="players">Number of players.</param>
    /// <param name="comparisons">First player, second player, outcome for the first: 1 won, ½ tied, 0 lost, or a probability in between.</param>
    /// <param name="k">How far one comparison moves a rating.</param>
    public static double[] Rate(int players, IEnumerable<Comparison> comparisons, double k)
    {
        var ratings = new double[players];
        Array.Fill(ratings, Start);
        foreach (var (first, second, outcome) in comparisons)
        {
            var change = k * (outcome - Expected(ratings[first], ratings[second]));
            ratings[first] += change;
            ratings[second] -= change;
        }

        return ratings;
    }
}
