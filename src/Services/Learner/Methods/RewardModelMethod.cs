using System.Text.Json;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Data;
using Rlhf.Learner.Jobs;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.Learner.Versions;
using Rlhf.V1;

namespace Rlhf.Learner.Methods;

/// <summary>
/// A reward model, trained both ways where the data is there: by regression to ratings and on pairs. Both are measured on the
/// held-out pairs, and the one asked for is published.
/// </summary>
internal sealed class RewardModelMethod(
    JobSpecification specification,
    RewardModelSettings settings,
    IReadOnlyList<EncodedPair> pairs,
    IReadOnlyList<EncodedRating> ratings,
    BaseModel baseModel,
    PolicyLoader loader,
    VersionPublisher publisher,
    JobCheckpoints checkpoints) : ITrainingMethod
{
    /// <inheritdoc/>
    public string Name => "reward-model";

    /// <inheritdoc/>
    public void Run(TrainingJob job, CancellationToken cancellationToken)
    {
        var updates = 0;
        var wanted = 0;
        var trainer = new RewardModelTrainer(
            () => loader.Load(specification.InitialVersion),
            pairs,
            ratings,
            settings,
            specification.Seed,
            (way, loss) => job.Report(new TrainingStep(++updates, wanted, new Dictionary<string, double> { [LossName(way)] = loss })),
            checkpoints);
        wanted = trainer.Updates;
        using var regression = trainer.CanRegress ? trainer.Regress(cancellationToken) : null;
        using var comparison = trainer.CanCompare ? trainer.Compare(cancellationToken) : null;
        var chosen = (settings.Loss == RewardLoss.Pairwise ? comparison : regression)
            ?? throw new TrainingException($"There is no training data for {settings.Loss}.");

        var results = RewardModelResults.Of(chosen, regression, comparison);
        job.Finish(results);
        Publish(job, chosen, cancellationToken);
    }

    private static string LossName(RewardLoss way) => way == RewardLoss.Pairwise ? "pairwise_loss" : "regression_loss";

    private void Publish(TrainingJob job, TrainedRewardModel chosen, CancellationToken cancellationToken)
    {
        var version = VersionPublisher.Describe(
            specification, specification.PublishedVersion, VersionKind.RewardModel, Name, step: 0, JsonSerializer.Serialize(settings));
        version.Normalisation = Normalisation(chosen.Scale.Score);
        version.Normalisation.Heads.Add(chosen.Model.Head.Labels.Zip(
            chosen.Scale.Heads, (name, head) => new HeadNormalisation { Name = name, Normalisation = Normalisation(head) }));
        publisher.Publish(version, folder => chosen.Model.Save(folder, baseModel.BosId, baseModel.Tokenizer.EosId), cancellationToken);
        job.Published(version.VersionId);
    }

    private static ScoreNormalisation Normalisation(ScoreScale scale) => new()
    {
        ScoreMean = scale.Scores.Mean,
        ScoreStandardDeviation = scale.Scores.StandardDeviation,
        RatingMean = scale.Ratings.Mean,
        RatingStandardDeviation = scale.Ratings.StandardDeviation,
    };
}
