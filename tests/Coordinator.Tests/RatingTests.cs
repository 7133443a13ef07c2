using System.Text.Json;
using Rlhf.Coordinator.Ratings;
using Rlhf.Testing;

namespace Rlhf.Coordinator.Tests;

public sealed class RatingTests
{
    [Theory]
    [InlineData("choix-testcase-pairwise-1.json")]
    [InlineData("choix-testcase-pairwise-2.json")]
    public void Maximum_likelihood_strengths_agree_with_the_published_ones(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("bradley-terry/" + file)));
        var root = document.RootElement;
        var comparisons = root.GetProperty("data").EnumerateArray()
            .Select(pair => new Comparison(pair[0].GetInt32(), pair[1].GetInt32(), 1)).ToList();
        var expected = root.GetProperty("ml_est").EnumerateArray().Select(value => value.GetDouble()).ToArray();

        var strengths = BradleyTerry.Fit(root.GetProperty("n_items").GetInt32(), comparisons, penalty: 1e-9);

        Assert.All(strengths.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-6));
    }

    [Fact]
    public void Matches_bradley_terry_ml_cycle_plus_one()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("numeric/rlhf_vectors.dev.json")));
        var vector = document.RootElement.GetProperty("vectors").EnumerateArray()
            .Single(candidate => candidate.GetProperty("name").GetString() == "bradley_terry_ml_cycle_plus_one");
        var input = vector.GetProperty("input");
        var comparisons = input.GetProperty("pairs_winner_loser").EnumerateArray()
            .Select(pair => new Comparison(pair[0].GetInt32(), pair[1].GetInt32(), 1)).ToList();
        var expected = vector.GetProperty("expected").GetProperty("params_mean0").EnumerateArray().Select(value => value.GetDouble());

        var strengths = BradleyTerry.Fit(input.GetProperty("n_items").GetInt32(), comparisons, penalty: 1e-9);

        Assert.All(strengths.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, vector.GetProperty("tolerance").GetDouble()));
    }

    [Fact]
    public void Elo_moves_by_K_times_surprise()
    {
        // First game between equals: expected ½, so 16 points. Second: expected 1 / (1 + 10^(32/400)) = 0.4540779 for the loser.
        var ratings = Elo.Rate(2, [new Comparison(0, 1, 1), new Comparison(1, 0, 1)], k: 32);

        Assert.Equal(1016 - (32 * (1 - 0.4540779)), ratings[0], 1e-4);
        Assert.Equal(2000, ratings.Sum(), 1e-9);
    }

    [Fact]
    public void Elo_of_three_players_after_a_win_a_tie_an_upset_and_a_leaning()
    {
        // By hand, with K = 32 and twenty decimals (a, b, c begin at 1000):
        //   a beats b          expected 0.5          a 1016           b 984
        //   b ties with c      expected 0.4769904    b 984.7363068    c 999.2636932
        //   c beats a          expected 0.4759331    c 1016.0338330   a 999.2298602
        //   a over b by ¾      expected 0.5208458    a 1006.5627943   b 977.4033727
        var ratings = Elo.Rate(3, [new Comparison(0, 1, 1), new Comparison(1, 2, 0.5), new Comparison(2, 0, 1), new Comparison(0, 1, 0.75)], k: 32);

        Assert.Equal(1006.56279428524758, ratings[0], 1e-9);
        Assert.Equal(977.40337269363169, ratings[1], 1e-9);
        Assert.Equal(1016.03383302102074, ratings[2], 1e-9);
    }

    [Fact]
    public void A_tie_between_equals_moves_nothing() =>
        Assert.Equal([1000, 1000], Elo.Rate(2, [new Comparison(0, 1, 0.5)], k: 32));

    [Fact]
    public void A_player_that_wins_everything_gets_a_finite_strength()
    {
        var strengths = BradleyTerry.Fit(2, [.. Enumerable.Repeat(new Comparison(0, 1, 1), 50)], penalty: 0.01);

        // At the maximum 50·σ(−d) = 0.01·d/2 with d the difference of strengths.
        var d = strengths[0] - strengths[1];
        Assert.Equal(0.01 * d / 2, 50 / (1 + Math.Exp(d)), 1e-8);
    }

    [Fact]
    public void A_soft_preference_of_three_quarters_is_a_strength_difference_of_log_three()
    {
        var strengths = BradleyTerry.Fit(2, [new Comparison(0, 1, 0.75)], penalty: 1e-9);

        Assert.Equal(Math.Log(3), strengths[0] - strengths[1], 1e-6);
    }
}
