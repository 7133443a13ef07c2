using Rlhf.Coordinator.Ratings;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Web.Standings;

/// <summary>The judges and the people of a run, rated by how often the other people agree with them.</summary>
/// <param name="Games">Games between two of them.</param>
/// <param name="Ties">Those in which both were right, or neither.</param>
/// <param name="ByPrinciple">The raters by all games (""), and by those in which a judge judged by one principle.</param>
internal sealed record RaterStandings(int Games, int Ties, IReadOnlyDictionary<string, IReadOnlyList<RatedPlayer>> ByPrinciple)
{
    private const double Tie = 0.5;

    /// <summary>Rates them.</summary>
    /// <param name="opinions">What was said of which pair of answers, in an order that is always the same.</param>
    /// <param name="options">The constants of the ratings.</param>
    /// <param name="random">Draws the order in which Elo takes the games.</param>
    public static RaterStandings Of(IReadOnlyList<((int, int) Pair, Opinion Opinion)> opinions, RatingsOptions options, Random random)
    {
        // Only pairs that a person compared have somebody to decide a game.
        var decided = opinions.Where(row => row.Opinion.IsPerson).Select(row => row.Pair).ToHashSet();
        var games = opinions.Where(row => decided.Contains(row.Pair)).GroupBy(row => row.Pair)
            .SelectMany(pair => RaterGame.Of([.. pair.Select(row => row.Opinion).DistinctBy(opinion => opinion.Rater)])).ToArray();
        random.Shuffle(games);
        var byPrinciple = new Dictionary<string, IReadOnlyList<RatedPlayer>> { [""] = Rate(games, options) };
        foreach (var principle in games.SelectMany(game => game.Principles).Distinct().Order(StringComparer.Ordinal))
        {
            byPrinciple[principle] = Rate([.. games.Where(game => game.Principles.Contains(principle))], options);
        }

        return new RaterStandings(games.Length, games.Count(game => game.Outcome == Tie), byPrinciple);
    }

    private static IReadOnlyList<RatedPlayer> Rate(IReadOnlyList<RaterGame> games, RatingsOptions options) => RatingTable.Of(
        [.. games.Select(game => (game.First, game.Second, game.Outcome))], options.EloK, options.Penalty);
}
