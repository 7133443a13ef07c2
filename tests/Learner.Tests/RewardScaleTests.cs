using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;

namespace Rlhf.Learner.Tests;

public sealed class RewardScaleTests
{
    // Two heads' outputs for four responses: means 1 and 10, standard deviations 1 and 10.
    private static readonly float[][] s_outputs = [[0, 0], [2, 0], [0, 20], [2, 20]];

    [Fact]
    public void The_score_of_sources_heads_is_the_mean_of_each_by_its_own_mean_and_spread()
    {
        var scale = RewardScale.OfHeads(s_outputs, ToRatings);
        Assert.Equal([new Standardisation(1, 1), new Standardisation(10, 10)], scale.Heads.Select(head => head.Scores));
        Assert.Equal([-1, -1], scale.Together([0, 0]));
        Assert.Equal([2, .5], scale.Together([3, 15]));
        // Two better by the first head and ten worse by the second: 2/1 - 10/10, and not 2 - 10.
        Assert.Equal(.5, scale.Together([2, 0]).Average() - scale.Together([0, 10]).Average(), 1e-12);
        // -1, 0, 0 and 1 over the four responses.
        Assert.Equal(0, scale.Score.Scores.Mean, 1e-12);
        Assert.Equal(Math.Sqrt(.5), scale.Score.Scores.StandardDeviation, 1e-12);
    }

    [Fact]
    public void Ratings_are_of_each_head_and_on_average_of_their_score()
    {
        var scale = RewardScale.OfHeads(s_outputs, ToRatings);
        // The heads' average response is rated 1000, at an output of 1 and of 10.
        Assert.Equal([new Standardisation(990, 10), new Standardisation(900, 10)], scale.Heads.Select(head => head.Ratings));
        // A score of 1 is one standard deviation of each head: 10 and 100 points.
        Assert.Equal(new Standardisation(1000, 55), scale.Score.Ratings);
        Assert.Equal(55 * Math.Log(10) / 400, scale.Score.LogOddsPerScore, 1e-12);
    }

    [Fact]
    public void An_ensembles_score_is_the_plain_mean()
    {
        var scale = RewardScale.OfMembers(s_outputs, ToRatings);
        Assert.Empty(scale.Heads);
        Assert.Equal([3, 15], scale.Together([3, 15]));
        // 0, 1, 10 and 11.
        Assert.Equal(new Standardisation(5.5, Math.Sqrt((30.25 + 20.25 + 20.25 + 30.25) / 4)), scale.Score.Scores);
        Assert.Equal(new Standardisation(945, 10), scale.Score.Ratings);
    }

    [Fact]
    public void A_head_that_says_the_same_of_every_response_has_no_scale()
    {
        var error = Assert.Throws<ArgumentException>(() => RewardScale.OfHeads([[0, 5], [1, 5]], ToRatings));
        Assert.Contains("all the same", error.Message, StringComparison.Ordinal);
    }

    // Ten points a unit, and 1000 for the average.
    private static Standardisation ToRatings(Standardisation scores) => new(1000 - (10 * scores.Mean), 10);
}
