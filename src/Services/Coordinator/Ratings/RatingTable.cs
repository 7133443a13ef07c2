namespace Rlhf.Coordinator.Ratings;

/// <summary>Rates players both ways, with intervals.</summary>
internal static class RatingTable
{
    /// <summary>How often the comparisons are drawn anew for the intervals.</summary>
    public const int Resamples = 200;

    private const double Tail = 0.025;

    /// <summary>The players of some games, the strongest first.</summary>
    /// <param name="games">Two players by name and the outcome for the first, in the order in which Elo takes them.</param>
    /// <param name="eloK">How far one comparison moves an Elo rating.</param>
    /// <param name="penalty">The penalty of the Bradley-Terry fit.</param>
    public static IReadOnlyList<RatedPlayer> Of(IReadOnlyList<(string First, string Second, double Outcome)> games, double eloK, double penalty)
    {
        var players = games.SelectMany(game => new[] { game.First, game.Second }).Distinct().Order(StringComparer.Ordinal).ToList();
        var index = players.Select((player, position) => (player, position)).ToDictionary();
        return Of(players, [.. games.Select(game => new Comparison(index[game.First], index[game.Second], game.Outcome))], eloK, penalty, seed: players.Count);
    }

    /// <summary>The players, the strongest first.</summary>
    /// <param name="players">Their names.</param>
    /// <param name="comparisons">Their games, in the order in which Elo takes them.</param>
    /// <param name="eloK">How far one comparison moves an Elo rating.</param>
    /// <param name="penalty">The penalty of the Bradley-Terry fit.</param>
    /// <param name="seed">The intervals are drawn from it.</param>
    public static IReadOnlyList<RatedPlayer> Of(
        IReadOnlyList<string> players, IReadOnlyList<Comparison> comparisons, double eloK, double penalty, int seed)
    {
        var elo = Elo.Rate(players.Count, comparisons, eloK);
        var table = PairTable.Of(comparisons);
        var strengths = BradleyTerry.Fit(table, new double[players.Count], penalty);
        var drawn = Resample(table, strengths, penalty, seed);
        var games = new int[players.Count];
        foreach (var comparison in comparisons)
        {
            games[comparison.First]++;
            games[comparison.Second]++;
        }

        return
        [
            .. players.Select((name, player) =>
            {
                var values = drawn.Select(fit => fit[player]).Order().ToList();
                return new RatedPlayer(
                    name, elo[player], OnEloScale(strengths[player]),
                    OnEloScale(values[(int)(Tail * Resamples)]), OnEloScale(values[(int)((1 - Tail) * Resamples)]), games[player]);
            }).OrderByDescending(player => player.BradleyTerry).ThenBy(player => player.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>Percentile bootstrap (Efron 1979): the comparisons drawn with replacement, as many as there are, and fitted again.</summary>
    private static List<double[]> Resample(PairTable table, double[] strengths, double penalty, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Resamples).Select(_ => BradleyTerry.Fit(table.Resampled(random), strengths, penalty))];
    }

    private static double OnEloScale(double strength) => Elo.Start + (BradleyTerry.EloPerUnit * strength);
}
