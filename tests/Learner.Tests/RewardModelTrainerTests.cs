using Rlhf.Learner.Data;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.V1;

namespace Rlhf.Learner.Tests;

public sealed class RewardModelTrainerTests
{
    private const int GoodToken = 5;

    [Fact]
    public void Both_ways_learn_a_preference_that_can_be_told_apart()
    {
        var (pairs, ratings) = Data();
        var updates = 0;
        var settings = new RewardModelSettings { Epochs = 8, LearningRate = 3e-3 };
        var trainer = new RewardModelTrainer(() => TinyModels.Create(), pairs, ratings, settings, seed: 9, (_, _) => updates++);
        using var regression = trainer.Regress(TestContext.Current.CancellationToken);
        using var comparison = trainer.Compare(TestContext.Current.CancellationToken);
        Assert.Equal(trainer.Updates, updates);
        Assert.Equal(40, regression.HeldOut.All?.DecidedPairs);
        Assert.InRange(regression.HeldOut.All?.Accuracy ?? 0, 0.95, 1);
        Assert.InRange(comparison.HeldOut.All?.Accuracy ?? 0, 0.95, 1);
        // The labels are 0.9 and 0.1: neither may be sure of itself.
        Assert.InRange(comparison.HeldOut.All?.ExpectedCalibrationError ?? 1, 0, 0.1);
        // Good responses are rated 1200 and others 800: the scale is theirs.
        Assert.Equal(1000, regression.Scale.Score.Ratings.Mean, 1.0);
        Assert.Equal(200, regression.Scale.Score.Ratings.StandardDeviation, 1.0);
    }

    [Fact]
    public void Scores_of_the_baseline_have_the_stored_mean_and_spread()
    {
        var (pairs, ratings) = Data();
        var settings = new RewardModelSettings { Epochs = 1 };
        var trainer = new RewardModelTrainer(() => TinyModels.Create(), pairs, ratings, settings, seed: 9, (_, _) => { });
        using var trained = trainer.Compare(TestContext.Current.CancellationToken);
        // One by one, not in buckets: padding must not show.
        var scores = ratings.Select(rating => (double)trained.Model.Score([rating.Example.TokenIds])[0]).ToArray();
        var mean = scores.Average();
        Assert.Equal(mean, trained.Scale.Score.Scores.Mean, 1e-5);
        Assert.Equal(Math.Sqrt(scores.Average(score => (score - mean) * (score - mean))), trained.Scale.Score.Scores.StandardDeviation, 1e-5);
        // A pairwise score is a log odds: ln 10 of it are 400 points, and the average is 1000.
        Assert.Equal(1000, trained.Scale.Score.Ratings.Invert(mean), 1e-4);
        Assert.Equal(1400, trained.Scale.Score.Ratings.Invert(mean + Math.Log(10)), 1e-4);
    }

    [Fact]
    public void An_ensembles_members_differ_and_their_mean_is_the_score()
    {
        var (pairs, ratings) = Data();
        var settings = new RewardModelSettings { Epochs = 4, LearningRate = 3e-3, Members = 4 };
        var trainer = new RewardModelTrainer(() => TinyModels.Create(), pairs, ratings, settings, seed: 9, (_, _) => { });
        using var trained = trainer.Compare(TestContext.Current.CancellationToken);
        int[][] sequences = [.. pairs.Take(20).Select(pair => pair.A.TokenIds)];
        var members = trained.Model.ScoreByMember(sequences);
        Assert.All(members, scores => Assert.Equal(4, scores.Distinct().Count()));
        Assert.Equal(members.Select(scores => scores.Average()), trained.Model.Score(sequences));
        Assert.InRange(trained.HeldOut.All?.Accuracy ?? 0, 0.9, 1);
        Assert.True(trained.HeldOut.MeanSpread > 0);
    }

    [Fact]
    public void A_resample_draws_as_often_as_there_are_items_and_sources_keep_their_weight()
    {
        string[] sources = [.. Enumerable.Range(0, 100).Select(i => i < 25 ? "helpful" : "harmless")];
        var weightOf = new Dictionary<string, double> { ["helpful"] = 3 };
        // 25 · 3 + 75 · 1 = 150 over 100 items: each counts 3 / 1.5 or 1 / 1.5.
        var alone = ItemWeights.Draw(sources, weightOf, members: 1, seed: 5).Of(Enumerable.Range(0, 100));
        Assert.Equal(sources.Select(source => source == "helpful" ? 2f : 2f / 3), alone);
        var drawn = ItemWeights.Draw(sources, weightOf, members: 3, seed: 5).Of(Enumerable.Range(0, 100)).Chunk(3).ToArray();
        for (var member = 0; member < 3; member++)
        {
            // How often an item was drawn, from its weight.
            Assert.Equal(100, drawn.Select((weights, i) => weights[member] / alone[i]).Sum(), 1e-3);
            Assert.InRange(drawn.Count(weights => weights[member] == 0), 20, 55); // 1/e of them
        }

        Assert.NotEqual(drawn.Select(weights => weights[0]), drawn.Select(weights => weights[1]));
        var error = Assert.Throws<ArgumentException>(() => ItemWeights.Draw(sources, new Dictionary<string, double> { ["harmles"] = 1 }, 1, 5));
        Assert.Contains("'harmles'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_sources_disagree_the_heavier_one_decides_and_each_is_measured()
    {
        var (pairs, _) = Data();
        // The same pairs from two sources that want the opposite.
        EncodedPair[] mixture =
        [
            .. pairs.Select(pair => pair with { Source = "liked" }),
            .. pairs.Select(pair => pair with { Source = "disliked", PreferenceA = 1 - pair.PreferenceA }),
        ];
        var settings = new RewardModelSettings { Epochs = 4, LearningRate = 3e-3, SourceWeights = new Dictionary<string, double> { ["liked"] = 9 } };
        var trainer = new RewardModelTrainer(() => TinyModels.Create(), mixture, [], settings, seed: 9, (_, _) => { });
        using var trained = trainer.Compare(TestContext.Current.CancellationToken);
        var bySource = trained.HeldOut.BySource;
        Assert.Equal(["disliked", "liked"], bySource.Keys);
        Assert.InRange(bySource["liked"].Accuracy, 0.9, 1);
        Assert.Equal(1 - bySource["liked"].Accuracy, bySource["disliked"].Accuracy, 1e-9);
        Assert.Equal(0.5, trained.HeldOut.All?.Accuracy ?? 0, 1e-9);
    }

    [Theory]
    [InlineData(RewardLoss.Pairwise)]
    [InlineData(RewardLoss.RatingRegression)]
    public void With_a_head_for_each_source_both_are_learnt_where_they_want_the_opposite(RewardLoss loss)
    {
        var (pairs, ratings) = Data();
        EncodedPair[] mixture =
        [
            .. pairs.Select(pair => pair with { Source = "liked" }),
            .. pairs.Select(pair => pair with { Source = "disliked", PreferenceA = 1 - pair.PreferenceA }),
        ];
        EncodedRating[] rated =
        [
            .. ratings.Select(rating => rating with { Source = "liked" }),
            .. ratings.Select(rating => rating with { Source = "disliked", Rating = 2000 - rating.Rating }),
        ];
        var settings = new RewardModelSettings { Loss = loss, Epochs = 4, LearningRate = 3e-3, HeadPerSource = true };
        var trainer = new RewardModelTrainer(() => TinyModels.Create(), mixture, rated, settings, seed: 9, (_, _) => { });
        using var trained = loss == RewardLoss.Pairwise
            ? trainer.Compare(TestContext.Current.CancellationToken)
            : trainer.Regress(TestContext.Current.CancellationToken);
        Assert.Equal(["disliked", "liked"], trained.Model.Head.Labels);
        Assert.Equal(["disliked", "liked"], trained.HeldOut.ByOwnHead.Keys);
        Assert.All(trained.HeldOut.ByOwnHead.Values, accuracy => Assert.InRange(accuracy.Accuracy, 0.9, 1));
        // One source's loss is the other's gain.
        var bySource = trained.HeldOut.BySource;
        Assert.Equal(1 - bySource["liked"].Accuracy, bySource["disliked"].Accuracy, 1e-9);
        // Each head has its own mean and spread over the baseline's responses.
        var outputs = trained.Model.ScoreByMember([.. rated.Select(rating => rating.Example.TokenIds)]);
        Assert.Equal(2, trained.Scale.Heads.Count);
        foreach (var (head, scale) in trained.Scale.Heads.Index())
        {
            var mean = outputs.Average(output => (double)output[head]);
            Assert.Equal(mean, scale.Scores.Mean, 1e-5);
            Assert.Equal(Math.Sqrt(outputs.Average(output => (output[head] - mean) * (output[head] - mean))), scale.Scores.StandardDeviation, 1e-5);
        }
    }

    [Fact]
    public void An_item_counts_in_the_head_of_its_source_alone()
    {
        string[] sources = ["helpful", "harmless", "harmless", "harmless"];
        // 3 + 3 · 1 = 6 over 4 items: each counts 3 / 1.5 or 1 / 1.5, and twice that in one of two heads.
        var weights = ItemWeights.Divide(sources, new Dictionary<string, double> { ["helpful"] = 3 }, ["harmless", "helpful"]).Of([0, 3]);
        Assert.Equal([0, 4, 4f / 3, 0], weights);
        var error = Assert.Throws<ArgumentException>(() => ItemWeights.Divide(sources, new Dictionary<string, double>(), ["harmless", "helpful", "honest"]));
        Assert.Contains("'honest'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_for_each_source_needs_the_source_of_every_item_and_few_sources_and_no_ensemble()
    {
        var (pairs, _) = Data();
        EncodedPair[] some = [.. pairs.Select((pair, i) => pair with { Source = i < 3 ? "" : "liked" })];
        var trainer = new RewardModelTrainer(() => TinyModels.Create(), some, [], new RewardModelSettings { HeadPerSource = true }, seed: 9, (_, _) => { });
        var error = Assert.Throws<ArgumentException>(() => trainer.Compare(TestContext.Current.CancellationToken));
        Assert.Contains("3 of 200 pairs and ratings name no source", error.Message, StringComparison.Ordinal);
        some = [.. pairs.Select((pair, i) => pair with { Source = $"row {i}" })];
        trainer = new RewardModelTrainer(() => TinyModels.Create(), some, [], new RewardModelSettings { HeadPerSource = true }, seed: 9, (_, _) => { });
        error = Assert.Throws<ArgumentException>(() => trainer.Compare(TestContext.Current.CancellationToken));
        Assert.Contains("200 sources, and a model at most 64 heads", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentException>(() => RewardModelSettings.From(new RewardModelOptions { HeadPerSource = true, Members = 4 }));
        Assert.Contains("members of an ensemble", error.Message, StringComparison.Ordinal);
        Assert.True(RewardModelSettings.From(new RewardModelOptions { HeadPerSource = true }).HeadPerSource);
    }

    [Fact]
    public void A_margin_pushes_the_scores_apart()
    {
        var (pairs, _) = Data();
        var settings = new RewardModelSettings { Epochs = 4, LearningRate = 3e-3 };
        double MeanMargin(double margin)
        {
            EncodedPair[] hard = [.. pairs.Select(pair => pair with { PreferenceA = Math.Round(pair.PreferenceA), Margin = margin })];
            using var trained = new RewardModelTrainer(() => TinyModels.Create(), hard, [], settings, seed: 9, (_, _) => { })
                .Compare(TestContext.Current.CancellationToken);
            return trained.HeldOut.All?.Margins.Mean ?? 0;
        }

        Assert.True(MeanMargin(3) > MeanMargin(0) + 1);
    }

    [Fact]
    public void Absolute_error_learns_the_median_where_squared_error_learns_the_mean()
    {
        // One response, rated 0 nine times and 100 once: standardised, the median is -1/3 and the mean 0.
        var example = new EncodedExample([1, 2, 3, TinyModels.Eos], 2);
        EncodedRating[] ratings = [.. Enumerable.Range(0, 40).Select(i => new EncodedRating(example, i % 10 == 0 ? 100 : 0, IsHeldOut: false))];
        double Score(RewardLoss loss)
        {
            var settings = new RewardModelSettings { Loss = loss, Epochs = 60, BatchSize = 40, LearningRate = 3e-3 };
            // What the trainer measures afterwards needs responses that differ.
            EncodedRating[] all = [.. ratings, new EncodedRating(new EncodedExample([4, 5, TinyModels.Eos], 2), 10, IsHeldOut: true)];
            using var trained = new RewardModelTrainer(() => TinyModels.Create(), [], all, settings, seed: 9, (_, _) => { })
                .Regress(TestContext.Current.CancellationToken);
            return trained.Model.Score([example.TokenIds])[0];
        }

        Assert.Equal(-1.0 / 3, Score(RewardLoss.AbsoluteRatingRegression), 0.08);
        Assert.Equal(0, Score(RewardLoss.RatingRegression), 0.08);
    }

    [Fact]
    public void Held_out_items_are_not_trained_on()
    {
        var (pairs, ratings) = Data();
        var settings = new RewardModelSettings { Epochs = 1 };
        float[] Scores(IReadOnlyList<EncodedPair> p, IReadOnlyList<EncodedRating> r)
        {
            var trainer = new RewardModelTrainer(() => TinyModels.Create(), p, r, settings, seed: 9, (_, _) => { });
            using var regression = trainer.Regress(TestContext.Current.CancellationToken);
            using var comparison = trainer.Compare(TestContext.Current.CancellationToken);
            return [regression.Model.Score([ratings[0].Example.TokenIds])[0], comparison.Model.Score([ratings[0].Example.TokenIds])[0]];
        }

        var flippedPairs = pairs.Select(pair => pair.IsHeldOut ? pair with { PreferenceA = 1 - pair.PreferenceA } : pair).ToArray();
        var flippedRatings = ratings.Select(rating => rating.IsHeldOut ? rating with { Rating = 5000 } : rating).ToArray();
        Assert.Equal(Scores(pairs, ratings), Scores(flippedPairs, flippedRatings));
    }

    private static (List<EncodedPair> Pairs, List<EncodedRating> Ratings) Data()
    {
        var random = new Random(21);
        EncodedExample Response(int[] prompt, bool isGood)
        {
            var tokens = TinyModels.Tokens(random, random.Next(2, 7)).Select(token => token == GoodToken ? GoodToken + 1 : token).ToArray();
            tokens[random.Next(tokens.Length)] = isGood ? GoodToken : GoodToken + 2;
            return new EncodedExample([.. prompt, .. tokens, TinyModels.Eos], prompt.Length);
        }

        var pairs = new List<EncodedPair>();
        var ratings = new List<EncodedRating>();
        for (var i = 0; i < 200; i++)
        {
            var prompt = TinyModels.Tokens(random, 3).ToArray();
            var isGoodFirst = random.Next(2) == 0;
            var (a, b) = (Response(prompt, isGoodFirst), Response(prompt, !isGoodFirst));
            var isHeldOut = i >= 160;
            pairs.Add(new EncodedPair(a, b, isGoodFirst ? 0.9 : 0.1, isHeldOut));
            ratings.Add(new EncodedRating(a, isGoodFirst ? 1200 : 800, isHeldOut));
            ratings.Add(new EncodedRating(b, isGoodFirst ? 800 : 1200, isHeldOut));
        }

        return (pairs, ratings);
    }
}
