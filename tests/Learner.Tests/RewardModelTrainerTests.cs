using Rlhf.Learner.Data;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;

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
        Assert.Equal(40, regression.HeldOut?.DecidedPairs);
        Assert.InRange(regression.HeldOut?.Accuracy ?? 0, 0.95, 1);
        Assert.InRange(comparison.HeldOut?.Accuracy ?? 0, 0.95, 1);
        // The labels are 0.9 and 0.1: neither may be sure of itself.
        Assert.InRange(comparison.HeldOut?.ExpectedCalibrationError ?? 1, 0, 0.1);
        // Good responses are rated 1200 and others 800: the scale is theirs.
        Assert.Equal(1000, regression.Ratings.Mean, 1.0);
        Assert.Equal(200, regression.Ratings.StandardDeviation, 1.0);
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
        Assert.Equal(mean, trained.Scores.Mean, 1e-5);
        Assert.Equal(Math.Sqrt(scores.Average(score => (score - mean) * (score - mean))), trained.Scores.StandardDeviation, 1e-5);
        // A pairwise score is a log odds: ln 10 of it are 400 points, and the average is 1000.
        Assert.Equal(1000, trained.Ratings.Invert(mean), 1e-4);
        Assert.Equal(1400, trained.Ratings.Invert(mean + Math.Log(10)), 1e-4);
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
