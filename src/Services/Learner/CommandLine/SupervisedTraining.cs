using Rlhf.DataFiles;
using Rlhf.Learner.CommandLine.Configuration;
using Rlhf.Learner.Training;

namespace Rlhf.Learner.CommandLine;

/// <summary><c>train sft</c>: supervised fine-tuning of a whole model on files.</summary>
internal static class SupervisedTraining
{
    /// <summary>The method's name.</summary>
    public const string Method = "sft";

    /// <summary>Reads, trains, and writes the model.</summary>
    /// <exception cref="InvalidDataException">The data can't be used.</exception>
    /// <exception cref="TrainingException">A loss or gradient was not finite.</exception>
    public static void Run(LocalTraining training, SupervisedConfig config, CancellationToken cancellationToken)
    {
        var data = MixtureReader.Read(
            config,
            config.Data,
            (_, json) =>
            {
                var row = SupervisedRows.Parse(json);
                return training.Encoder.Example(row.Prompt, row.Response);
            },
            training.Tell);
        using var model = training.LoadModel();
        var results = new Dictionary<string, double>(
            SupervisedTrainer.Train(
                model, data.Training, config.Settings, config.Seed, training, cancellationToken, training.Checkpoints(data.Records).Fit(Method)));
        foreach (var (kind, rows) in data.HeldOut)
        {
            results[$"held_out_loss_{kind}"] = HeldOutLoss.Measure(model, rows);
        }

        training.Finish(
            folder =>
            {
                model.Save(folder, training.Base.BosId, training.Base.Tokenizer.EosId);
                training.Base.CopyTokenizer(folder);
            },
            data.Records,
            results);
    }
}
