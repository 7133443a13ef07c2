using Rlhf.Coordinator.Agreement;
using Rlhf.Coordinator.Ratings;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Web.Standings;

namespace Rlhf.Coordinator.Tests;

/// <summary>Judges and people as players.</summary>
public sealed class RaterTests
{
    [Fact]
    public void Two_raters_of_a_pair_play_where_most_of_the_other_people_agree()
    {
        var games = RaterGame.Of(
        [
            new Opinion("judge 1", false, Choice.A, "kind"),
            new Opinion("judge 2", false, Choice.B, "honest"),
            new Opinion("anna", true, Choice.A, null),
            new Opinion("ben", true, Choice.A, null),
            new Opinion("cleo", true, Choice.B, null),
        ]);

        // By hand. A judge and anna, or ben, are decided by one who says A and one who says B: nobody wins, and there is no game.
        Assert.Equal(
            [
                ("judge 1", "judge 2", 1, "kind honest"), // anna and ben say A, cleo B
                ("judge 1", "cleo", 1, "kind"), // anna and ben say A
                ("judge 2", "cleo", 0.5, "honest"), // the same two: both are wrong
                ("anna", "ben", 0.5, ""), // cleo says B: both are wrong
                ("anna", "cleo", 1, ""), // ben says A
                ("ben", "cleo", 1, ""), // anna says A
            ],
            games.Select(game => (game.First, game.Second, game.Outcome, string.Join(' ', game.Principles))));
    }

    [Fact]
    public void Saying_that_neither_is_better_is_right_where_the_people_say_so()
    {
        var game = Assert.Single(RaterGame.Of(
        [
            new Opinion("judge 1", false, Choice.A, null), new Opinion("judge 2", false, Choice.Neither, null), new Opinion("anna", true, Choice.Neither, null),
        ]));

        Assert.Equal(("judge 1", "judge 2", 0), (game.First, game.Second, game.Outcome));
    }

    [Fact]
    public void Raters_are_rated_by_their_games_whichever_answer_was_called_A()
    {
        var opinions = new OpinionList();
        opinions.Add(5, 3, 0.1, null, "base", "kind"); // says 3, as the others do
        opinions.Add(3, 5, 0.2, null, "tuned", "kind"); // says 5
        opinions.Add(3, 5, 0.953, "anna", null, null); // says 3
        opinions.Add(3, 5, 0.1, null, "import:0ff", null); // of a file: nobody of this ledger
        opinions.Add(7, 8, 0.9, null, "base", "kind"); // nobody else compared these
        opinions.Add(1, 2, 0.9, null, "base", "honest");
        opinions.Add(1, 2, 0.45, null, "tuned", "honest"); // says neither
        opinions.Add(1, 2, 0.905, "anna", null, null);
        var standings = RaterStandings.Of(opinions.All, new RatingsOptions { EloK = 32 }, new Random(1));

        Assert.Equal((2, 0), (standings.Games, standings.Ties));
        Assert.Equal(["", "honest", "kind"], standings.ByPrinciple.Keys);
        Assert.All(["honest", "kind"], principle => Assert.Equal([1, 1], standings.ByPrinciple[principle].Select(rater => rater.Games)));
        // Two wins of one over the other: 1000 + 16, then 1016 + 32 · (1 − 1 / (1 + 10^(−32 / 400))).
        var raters = standings.ByPrinciple[""];
        Assert.Equal(["judge base", "judge tuned"], raters.Select(rater => rater.Name));
        Assert.Equal(1016 + (32 * (1 - 0.5459221)), raters[0].Elo, 1e-4);
        Assert.Equal(2000, raters.Sum(rater => rater.Elo), 1e-9);
        Assert.True(raters[0].BradleyTerry > raters[1].BradleyTerry);
    }

    [Fact]
    public void Where_no_person_compared_there_is_no_game()
    {
        var opinions = new OpinionList();
        opinions.Add(1, 2, 0.9, null, "base", "kind");
        opinions.Add(1, 2, 0.1, null, "tuned", "kind");

        var standings = RaterStandings.Of(opinions.All, new RatingsOptions(), new Random(1));

        Assert.Equal(0, standings.Games);
        Assert.Empty(Assert.Single(standings.ByPrinciple).Value);
    }
}
