using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using Rlhf.Learner.Settings;
using Rlhf.PolicyOptimization;
using Rlhf.V1;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>
/// Trains a reward model, trunk and head together, on ratings (squared error against standardised ratings) or on pairs
/// (Bradley–Terry with soft labels).
/// </summary>
/// <param name="loadTrunk">Gives a fresh copy of the language model to start from.</param>
/// <param name="pairs">Comparisons; those held out are only measured on.</param>
/// <param name="ratings">Rated responses of the baseline.</param>
/// <param name="settings">How.</param>
/// <param name="seed">Of the head's first weights and of the order.</param>
/// <param name="onUpdate">Gets every update's loss, and of which of the two ways it is.</param>
internal sealed class RewardModelTrainer(
    Func<CausalLanguageModel> loadTrunk,
    IReadOnlyList<EncodedPair> pairs,
    IReadOnlyList<EncodedRating> ratings,
    RewardModelSettings settings,
    ulong seed,
    Action<RewardLoss, double> onUpdate)
{
    // Log odds in a point of Elo's scale, and the rating that a response of average score gets where there are no ratings.
    private static readonly double s_logOddsPerPoint = Math.Log(10) / 400;
    private const double AverageRating = 1000;

    private readonly FittingSettings _fitting = FittingSettings.From(settings);
    private readonly EncodedPair[] _trainingPairs = [.. pairs.Where(pair => !pair.IsHeldOut)];
    private readonly EncodedPair[] _heldOutPairs = [.. pairs.Where(pair => pair.IsHeldOut)];
    private readonly EncodedRating[] _trainingRatings = [.. ratings.Where(rating => !rating.IsHeldOut)];

    /// <summary>Whether there are ratings to train on.</summary>
    public bool CanRegress => _trainingRatings.Length > 0;

    /// <summary>Whether there are pairs to train on.</summary>
    public bool CanCompare => _trainingPairs.Length > 0;

    /// <summary>Updates of both ways together.</summary>
    public int Updates => _fitting.Updates(_trainingRatings.Length) + _fitting.Updates(_trainingPairs.Length);

    /// <summary>Trains on ratings.</summary>
    /// <exception cref="ArgumentException">The ratings are all the same.</exception>
    /// <exception cref="TrainingException">A loss or gradient was not finite.</exception>
    public TrainedRewardModel Regress(CancellationToken cancellationToken)
    {
        var scale = Standardisation.Measure([.. _trainingRatings.Select(rating => rating.Rating)]);
        var lengths = _trainingRatings.Select(rating => rating.Example.TokenIds.Length).ToArray();
        return Train(RewardLoss.RatingRegression, lengths, (model, batch) => RegressionBackward(model, batch, lengths, scale), _ => scale, cancellationToken);
    }

    /// <summary>Trains on pairs.</summary>
    /// <exception cref="TrainingException">A loss or gradient was not finite.</exception>
    public TrainedRewardModel Compare(CancellationToken cancellationToken)
    {
        var lengths = _trainingPairs.Select(pair => Math.Max(pair.A.TokenIds.Length, pair.B.TokenIds.Length)).ToArray();
        // A score is a log odds up to a shift: Elo's points, with the average response at 1000.
        static Standardisation ToRatings(Standardisation scores) =>
            new(AverageRating - (scores.Mean / s_logOddsPerPoint), 1 / s_logOddsPerPoint);
        return Train(RewardLoss.Pairwise, lengths, (model, batch) => PairwiseBackward(model, batch, lengths), ToRatings, cancellationToken);
    }

    private TrainedRewardModel Train(
        RewardLoss way,
        int[] lengths,
        Func<RewardModel, int[], double> backward,
        Func<Standardisation, Standardisation> toRatings,
        CancellationToken cancellationToken)
    {
        var trunk = loadTrunk();
        var model = new RewardModel(trunk, ScalarHead.CreateRandom(trunk.Config.HiddenSize, Seeds.ForTorch(seed), trunk.Device));
        var isTrained = false;
        try
        {
            trunk.SetTrainable(true);
            Parameter[] parameters = [.. trunk.Parameters.Values, model.Head.Weight];
            var random = new Random(Seeds.ForRandom(seed));
            using (new TrainingMode(trunk, settings.Precision, settings.RecomputeActivations))
            {
                Fitting.Run(parameters, lengths, _fitting, random, batch => backward(model, batch), (_, loss) => onUpdate(way, loss), cancellationToken);
            }

            trunk.SetTrainable(false);
            var scores = Standardisation.Measure([.. model.Score(BaselineResponses()).Select(score => (double)score)]);
            var ratingScale = toRatings(scores);
            isTrained = true;
            return new TrainedRewardModel(
                model, scores, ratingScale, Measure(model, ratingScale, tieMargin: 0), Measure(model, ratingScale, settings.ClearMargin));
        }
        finally
        {
            if (!isTrained)
            {
                model.Dispose();
            }
        }
    }

    private int[][] BaselineResponses() => ratings.Count > 0
        ? [.. ratings.Select(rating => rating.Example.TokenIds)]
        : [.. pairs.SelectMany(pair => new[] { pair.A.TokenIds, pair.B.TokenIds })];

    private PreferenceAccuracy? Measure(RewardModel model, Standardisation ratingScale, double tieMargin)
    {
        if (_heldOutPairs.All(pair => Math.Abs(pair.PreferenceA - 0.5) <= tieMargin))
        {
            return null;
        }

        var scoresA = model.Score([.. _heldOutPairs.Select(pair => pair.A.TokenIds)]);
        var scoresB = model.Score([.. _heldOutPairs.Select(pair => pair.B.TokenIds)]);
        var logOdds = scoresA.Zip(scoresB, (a, b) => (a - b) * ratingScale.StandardDeviation * s_logOddsPerPoint);
        return PreferenceAccuracy.Measure([.. logOdds], [.. _heldOutPairs.Select(pair => pair.PreferenceA)], tieMargin);
    }

    private double RegressionBackward(RewardModel model, int[] batch, int[] lengths, Standardisation scale)
    {
        var total = 0.0;
        foreach (var part in Minibatches.Parts(batch, lengths))
        {
            using var scope = NewDisposeScope();
            using var tokens = new TokenBatch([.. part.Select(i => _trainingRatings[i].Example.TokenIds)], model.Trunk.Device);
            var targets = tensor(part.Select(i => (float)scale.Apply(_trainingRatings[i].Rating)).ToArray(), device: model.Trunk.Device); // [B]
            var loss = PreferenceLoss.SquaredError(model.Forward(tokens), targets) * part.Length / batch.Length; // []
            loss.backward();
            total += loss.item<float>();
        }

        return total;
    }

    private double PairwiseBackward(RewardModel model, int[] batch, int[] lengths)
    {
        var total = 0.0;
        foreach (var part in Minibatches.Parts(batch, lengths, LengthBuckets.DefaultTokens / 2))
        {
            using var scope = NewDisposeScope();
            var sequences = part.Select(i => _trainingPairs[i].A.TokenIds).Concat(part.Select(i => _trainingPairs[i].B.TokenIds));
            using var tokens = new TokenBatch([.. sequences], model.Trunk.Device);
            var scores = model.Forward(tokens); // [2B], the As and then the Bs
            var (a, b) = (scores[..part.Length], scores[part.Length..]); // [B] each
            var preferences = tensor(part.Select(i => (float)_trainingPairs[i].PreferenceA).ToArray(), device: model.Trunk.Device); // [B]
            var mean = PreferenceLoss.PairwiseSoft(a, b, preferences) + (PreferenceLoss.Centring(a, b) * settings.CentringWeight); // []
            var loss = mean * part.Length / batch.Length; // []
            loss.backward();
            total += loss.item<float>();
        }

        return total;
    }
}
