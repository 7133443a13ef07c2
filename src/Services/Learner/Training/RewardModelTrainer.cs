using Rlhf.LanguageModels;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Data;
using Rlhf.Learner.Settings;
using Rlhf.PolicyOptimization;
using Rlhf.Tensors;
using Rlhf.V1;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>
/// Trains a reward model, trunk and head together, on ratings (squared or absolute error against standardised ratings) or on pairs
/// (Bradley–Terry with soft labels and margins). An ensemble's heads share the trunk; each has its own first weights and its own resample.
/// So do the heads of a mixture's sources, where each has one; such a head learns from its own source alone.
/// </summary>
/// <param name="loadTrunk">Gives a fresh copy of the language model to start from.</param>
/// <param name="pairs">Comparisons; those held out are only measured on.</param>
/// <param name="ratings">Rated responses of the baseline.</param>
/// <param name="settings">How.</param>
/// <param name="seed">Of the head's first weights, of the order and of the members' resamples.</param>
/// <param name="onUpdate">Gets every update's loss, and of which of the two ways it is.</param>
/// <param name="checkpoints">Where each fit's state is kept; null begins at the start, always.</param>
internal sealed class RewardModelTrainer(
    Func<CausalLanguageModel> loadTrunk,
    IReadOnlyList<EncodedPair> pairs,
    IReadOnlyList<EncodedRating> ratings,
    RewardModelSettings settings,
    ulong seed,
    Action<RewardLoss, double> onUpdate,
    JobCheckpoints? checkpoints = null)
{
    // What a response of average score is rated where there are no ratings.
    private const double AverageRating = 1000;

    // A source each; more would be a mistake in the data, such as a source for each row.
    private const int MostHeads = 64;

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
        var weights = Weights(_trainingRatings.Select(rating => rating.Source));
        return Train(
            RewardLoss.RatingRegression, lengths, (model, batch) => RegressionBackward(model, batch, lengths, weights, scale), _ => scale, cancellationToken);
    }

    /// <summary>Trains on pairs.</summary>
    /// <exception cref="TrainingException">A loss or gradient was not finite.</exception>
    public TrainedRewardModel Compare(CancellationToken cancellationToken)
    {
        var lengths = _trainingPairs.Select(pair => Math.Max(pair.A.TokenIds.Length, pair.B.TokenIds.Length)).ToArray();
        // A score is a log odds up to a shift: Elo's points, with the average response at 1000.
        static Standardisation ToRatings(Standardisation scores) =>
            new(AverageRating - (scores.Mean / ScoreScale.LogOddsPerPoint), 1 / ScoreScale.LogOddsPerPoint);
        var weights = Weights(_trainingPairs.Select(pair => pair.Source));
        return Train(
            RewardLoss.Pairwise, lengths, (model, batch) => PairwiseBackward(model, batch, lengths, weights), ToRatings, cancellationToken);
    }

    private TrainedRewardModel Train(
        RewardLoss way,
        int[] lengths,
        Func<RewardModel, int[], double> backward,
        Func<Standardisation, Standardisation> toRatings,
        CancellationToken cancellationToken)
    {
        var trunk = loadTrunk();
        var head = settings.HeadPerSource
            ? RewardHead.CreateRandom(trunk.Config.HiddenSize, HeadSources(), Seeds.ForTorch(seed), trunk.Device)
            : RewardHead.CreateRandom(trunk.Config.HiddenSize, settings.Members, Seeds.ForTorch(seed), trunk.Device);
        var model = new RewardModel(trunk, head, settings.PooledTokens);
        var isTrained = false;
        try
        {
            trunk.SetTrainable(true);
            Parameter[] parameters = [.. trunk.Parameters.Values, model.Head.Weight];
            var random = new Random(Seeds.ForRandom(seed));
            using (new TrainingMode(settings.Precision, settings.RecomputeActivations, trunk))
            {
                Fitting.Run(parameters, lengths, _fitting, random, batch => Fitting.Figures(backward(model, batch)), (_, figures) => onUpdate(way, figures[Fitting.LossName]), cancellationToken, checkpoints?.Fit(way.ToString()));
            }

            trunk.SetTrainable(false);
            var outputs = model.ScoreByMember(BaselineResponses());
            var scale = settings.HeadPerSource ? RewardScale.OfHeads(outputs, toRatings) : RewardScale.OfMembers(outputs, toRatings);
            var heldOut = HeldOutEvaluation.Measure(model, scale, _heldOutPairs, settings.ClearMargin);
            isTrained = true;
            return new TrainedRewardModel(model, scale, heldOut);
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

    private ItemWeights Weights(IEnumerable<string> sources) => settings.HeadPerSource
        ? ItemWeights.Divide([.. sources], settings.SourceWeights, HeadSources())
        : ItemWeights.Draw([.. sources], settings.SourceWeights, settings.Members, seed);

    // In an order that doesn't depend on the data's.
    private string[] HeadSources()
    {
        var sources = pairs.Select(pair => pair.Source).Concat(ratings.Select(rating => rating.Source)).ToList();
        var nameless = sources.Count(source => source.Length == 0);
        if (nameless > 0)
        {
            throw new ArgumentException(
                $"{nameless} of {sources.Count} pairs and ratings name no source, and with a head for each source every one must; name it, or train without head_per_source.");
        }

        string[] heads = [.. sources.Distinct().Order(StringComparer.Ordinal)];
        return heads.Length <= MostHeads
            ? heads
            : throw new ArgumentException($"The data has {heads.Length} sources, and a model at most {MostHeads} heads; put sources together, or train without head_per_source.");
    }

    private double RegressionBackward(RewardModel model, int[] batch, int[] lengths, ItemWeights weights, Standardisation scale)
    {
        var total = 0.0;
        foreach (var part in Minibatches.Parts(batch, lengths))
        {
            using var scope = NewDisposeScope();
            using var tokens = new TokenBatch([.. part.Select(i => _trainingRatings[i].Example.TokenIds)], model.Trunk.Device);
            var scores = model.Forward(tokens).flatten(); // [B · K]
            var targets = PerMember(model, part.Select(i => scale.Apply(_trainingRatings[i].Rating))); // [B · K]
            var errors = settings.Loss == RewardLoss.AbsoluteRatingRegression
                ? PreferenceLoss.AbsoluteErrorOfEach(scores, targets)
                : PreferenceLoss.SquaredErrorOfEach(scores, targets); // [B · K]
            total += Backward(errors, weights, part, batch);
        }

        return total;
    }

    private double PairwiseBackward(RewardModel model, int[] batch, int[] lengths, ItemWeights weights)
    {
        var total = 0.0;
        foreach (var part in Minibatches.Parts(batch, lengths, LengthBuckets.DefaultTokens / 2))
        {
            using var scope = NewDisposeScope();
            var sequences = part.Select(i => _trainingPairs[i].A.TokenIds).Concat(part.Select(i => _trainingPairs[i].B.TokenIds));
            using var tokens = new TokenBatch([.. sequences], model.Trunk.Device);
            var scores = model.Forward(tokens); // [2B, K], the As and then the Bs
            var (a, b) = (scores[..part.Length].flatten(), scores[part.Length..].flatten()); // [B · K] each
            var preferences = PerMember(model, part.Select(i => _trainingPairs[i].PreferenceA)); // [B · K]
            var margins = PerMember(model, part.Select(i => _trainingPairs[i].Margin)); // [B · K]
            var losses = PreferenceLoss.PairwiseOfEach(a, b, preferences, margins)
                .Plus(PreferenceLoss.CentringOfEach(a, b).Times(settings.CentringWeight)); // [B · K]
            total += Backward(losses, weights, part, batch);
        }

        return total;
    }

    // Each item's number once for each member: [B] to [B · K].
    private static Tensor PerMember(RewardModel model, IEnumerable<double> items) =>
        tensor(items.SelectMany(item => Enumerable.Repeat((float)item, model.Head.Members)).ToArray(), device: model.Trunk.Device); // [B · K]

    // Adds the gradients of a part's share in the batch's mean loss, and returns that share.
    private static double Backward(Tensor losses, ItemWeights weights, int[] part, int[] batch)
    {
        var loss = (losses * tensor(weights.Of(part), device: losses.device)).mean().Times(part.Length).DividedBy(batch.Length); // []
        loss.backward();
        return loss.item<float>();
    }
}
