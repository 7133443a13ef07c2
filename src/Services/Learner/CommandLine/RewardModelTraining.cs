using Rlhf.Learner.CommandLine.Configuration;
using Rlhf.Learner.Data;
using Rlhf.Learner.Data.Files;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;

namespace Rlhf.Learner.CommandLine;

/// <summary><c>train reward</c>: a reward model on files of preferences.</summary>
internal static class RewardModelTraining
{
    /// <summary>The method's name.</summary>
    public const string Method = "reward";

    /// <summary>Reads, trains, measures on the held-out files, and writes the model.</summary>
    /// <exception cref="InvalidDataException">The data can't be used.</exception>
    /// <exception cref="TrainingException">A loss or gradient was not finite.</exception>
    public static void Run(LocalTraining training, RewardModelConfig config, CancellationToken cancellationToken)
    {
        var data = ReadPairs(training, config);
        var (updates, wanted) = (0, 0);
        var trainer = new RewardModelTrainer(
            training.LoadModel,
            [.. data.Training, .. data.HeldOut.SelectMany(kind => kind.Rows)],
            [],
            config.Settings,
            config.Seed,
            (_, loss) => training.Report(new TrainingStep(++updates, wanted, new Dictionary<string, double> { ["pairwise_loss"] = loss })),
            training.Checkpoints(data.Records));
        wanted = trainer.Updates;
        using var trained = trainer.Compare(cancellationToken);
        training.Finish(
            folder =>
            {
                trained.Model.Save(folder, training.Base.BosId, training.Base.Tokenizer.EosId);
                training.Base.CopyTokenizer(folder);
            },
            data.Records,
            Results(trained, data),
            trained.Scores);
    }

    /// <summary>Reads a config's files of preferences.</summary>
    /// <exception cref="InvalidDataException">A file has too many bad rows.</exception>
    internal static Mixture<EncodedPair> ReadPairs(LocalTraining training, DatasetConfig config)
    {
        var isSwapped = true;
        return MixtureReader.Read(
            config,
            config.Data,
            (source, json) =>
            {
                var row = PreferenceRows.Parse(json);
                var (chosen, rejected) = (training.Encoder.Example(row.Prompt, row.Chosen), training.Encoder.Example(row.Prompt, row.Rejected));
                // The chosen one comes first in every other pair: calibration is a matter of both sides.
                return (isSwapped = !isSwapped)
                    ? new EncodedPair(rejected, chosen, 1 - row.Preference, source.HeldOut)
                    : new EncodedPair(chosen, rejected, row.Preference, source.HeldOut);
            },
            training.Tell);
    }

    private static Dictionary<string, double> Results(TrainedRewardModel trained, Mixture<EncodedPair> data)
    {
        var results = new Dictionary<string, double>();
        if (trained.HeldOut is { } all)
        {
            results["pairwise_accuracy"] = all.Accuracy;
            results["ece"] = all.ExpectedCalibrationError;
        }

        foreach (var (kind, rows) in data.HeldOut)
        {
            var scores = trained.Model.Score([.. rows.Select(pair => pair.A.TokenIds), .. rows.Select(pair => pair.B.TokenIds)]);
            var logOdds = rows.Select((_, index) => (double)(scores[index] - scores[rows.Count + index])).ToArray();
            results[$"pairwise_accuracy_{kind}"] = PreferenceAccuracy.Measure(logOdds, [.. rows.Select(pair => pair.PreferenceA)], 0).Accuracy;
            results[$"pairs_{kind}"] = rows.Count;
        }

        return results;
    }
}
