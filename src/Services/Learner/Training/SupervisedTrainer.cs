using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using Rlhf.Learner.Settings;
using Rlhf.PolicyOptimization;

using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>Full fine-tuning on responses: mean of -log p over response tokens.</summary>
internal static class SupervisedTrainer
{
    /// <summary>Trains the model in place.</summary>
    /// <param name="model">All its weights are trained.</param>
    /// <param name="examples">At least one.</param>
    /// <param name="settings">How.</param>
    /// <param name="seed">Of the examples' order.</param>
    /// <param name="progress">Gets every update with its "loss".</param>
    /// <param name="cancellationToken">Ends the training between two updates.</param>
    /// <returns>"loss_first" and "loss_last": mean loss of the first and the last tenth of the updates, in nats a token.</returns>
    /// <exception cref="TrainingException">A loss or gradient was not finite.</exception>
    public static IReadOnlyDictionary<string, double> Train(
        CausalLanguageModel model,
        IReadOnlyList<EncodedExample> examples,
        SupervisedSettings settings,
        ulong seed,
        IProgress<TrainingStep> progress,
        CancellationToken cancellationToken)
    {
        var fitting = FittingSettings.From(settings);
        var lengths = examples.Select(example => example.TokenIds.Length).ToArray();
        var losses = new double[fitting.Updates(examples.Count)];
        model.SetTrainable(true);
        using var mode = new TrainingMode(model, settings.Precision, settings.RecomputeActivations);
        Fitting.Run(
            [.. model.Parameters.Values],
            lengths,
            fitting,
            new Random(Seeds.ForRandom(seed)),
            batch => Backward(model, batch, examples, lengths),
            (update, loss) =>
            {
                losses[update - 1] = loss;
                progress.Report(new TrainingStep(update, losses.Length, new Dictionary<string, double> { ["loss"] = loss }));
            },
            cancellationToken);
        model.SetTrainable(false);
        var tenth = Math.Max(1, losses.Length / 10);
        return new Dictionary<string, double> { ["loss_first"] = losses[..tenth].Average(), ["loss_last"] = losses[^tenth..].Average() };
    }

    /// <summary>Adds the gradients of a batch's mean token loss, and returns that loss.</summary>
    internal static double Backward(CausalLanguageModel model, int[] batch, IReadOnlyList<EncodedExample> examples, int[] lengths)
    {
        var tokens = batch.Sum(index => (double)examples[index].ResponseLength);
        var total = 0.0;
        foreach (var part in Minibatches.Parts(batch, lengths))
        {
            using var scope = NewDisposeScope();
            using var responses = new ResponseBatch([.. part.Select(index => examples[index])], model.Device);
            var logits = model.Logits(responses.Hidden(model)); // [N, V]
            var loss = -TokenLogprobs.Gather(logits, responses.Targets).sum() / tokens; // []
            loss.backward();
            total += loss.item<float>();
        }

        return total;
    }
}
