using Rlhf.Learner.CommandLine.Configuration;
using Rlhf.Learner.Dpo;
using Rlhf.Learner.Training;

namespace Rlhf.Learner.CommandLine;

/// <summary><c>train dpo</c>: direct preference optimization on files of preferences, of an adapter or of all weights.</summary>
internal static class DpoTraining
{
    /// <summary>The method's name.</summary>
    public const string Method = "dpo";

    /// <summary>Reads, trains, measures on the held-out files, and writes an adapter in PEFT's layout, or the model.</summary>
    /// <exception cref="InvalidDataException">The data can't be used.</exception>
    /// <exception cref="TrainingException">A loss or gradient was not finite.</exception>
    public static void Run(LocalTraining training, DpoConfig config, CancellationToken cancellationToken)
    {
        var data = RewardModelTraining.ReadPairs(training, config);
        using var policy = config.Settings.FullFineTuning
            ? TrainablePolicy.Whole(training.LoadModel(), baseline: null) // read before the first update only
            : TrainablePolicy.WithNewAdapter(training.LoadModel(), config.Settings.LoraRank, config.Seed);
        var trainer = new DpoTrainer(policy, [.. data.Training, .. data.HeldOut.SelectMany(kind => kind.Rows)], config.Settings, config.Seed);
        var results = trainer.Train(training, cancellationToken, training.Checkpoints(data.Records).Fit(Method));
        training.Finish(
            folder =>
            {
                if (policy.Adapter is { } adapter)
                {
                    adapter.Save(folder, config.Model);
                }
                else
                {
                    policy.Model.Save(folder, training.Base.BosId, training.Base.Tokenizer.EosId);
                    training.Base.CopyTokenizer(folder);
                }
            },
            data.Records,
            results);
    }
}
