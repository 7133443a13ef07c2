using Rlhf.DataFiles;
using Rlhf.Learner.CommandLine.Configuration;
using Rlhf.Learner.Data;
using Rlhf.Learner.Methods;
using Rlhf.Learner.Training;

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
            RewardModelResults.Of(trained, regression: null, comparison: null),
            trained.Scale.Score.Scores,
            trained.Model.Head.Labels.Zip(trained.Scale.Heads).ToDictionary(head => head.First, head => head.Second.Scores));
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
                var pair = (isSwapped = !isSwapped)
                    ? new EncodedPair(rejected, chosen, 1 - row.Preference, source.HeldOut)
                    : new EncodedPair(chosen, rejected, row.Preference, source.HeldOut);
                return row.Margin is < 0
                    ? throw new RefusedItemException("negative_margin", $"The margin is {row.Margin}; training needs one of 0 or more.")
                    : pair with { Margin = row.Margin ?? 0, Source = source.Kind };
            },
            training.Tell);
    }
}
