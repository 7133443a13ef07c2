using Rlhf.LanguageModels;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Data;
using Rlhf.Learner.Settings;
using Rlhf.PolicyOptimization;
using Rlhf.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>Full fine-tuning on responses: mean of -log p over response tokens.</summary>
internal static class SupervisedTrainer
{
    private const ulong ValidationDraw = 0x56414C4944; // apart from the draws of the examples' order

    /// <summary>Trains the model in place.</summary>
    /// <param name="model">All its weights are trained.</param>
    /// <param name="examples">At least one.</param>
    /// <param name="settings">How.</param>
    /// <param name="seed">Of the examples' order.</param>
    /// <param name="progress">Gets every update with its "loss", and the last of each epoch with its "validation_loss" where there is one.</param>
    /// <param name="cancellationToken">Ends the training between two updates.</param>
    /// <param name="checkpoints">Where the training's state is kept; null begins at the start, always.</param>
    /// <returns>
    /// "loss_first" and "loss_last", the mean loss of the first and the last tenth of the updates, in nats a token; with validation examples
    /// also "validation_loss" and "best_epoch" of the weights that were kept, "epochs" done, and "examples_held_out".
    /// </returns>
    /// <exception cref="ArgumentException">No example is left to train on, or to validate with.</exception>
    /// <exception cref="TrainingException">A loss or gradient was not finite.</exception>
    public static IReadOnlyDictionary<string, double> Train(
        CausalLanguageModel model,
        IReadOnlyList<EncodedExample> examples,
        SupervisedSettings settings,
        ulong seed,
        IProgress<TrainingStep> progress,
        CancellationToken cancellationToken,
        FitCheckpoints? checkpoints = null)
    {
        var fitting = FittingSettings.From(settings);
        var random = new Random(Seeds.ForRandom(seed));
        var (training, validation) = Split(examples, settings.ValidationShare, seed);
        var lengths = training.Select(example => example.TokenIds.Length).ToArray();
        var updates = fitting.Updates(training.Count);
        var losses = new List<double>(updates);
        model.SetTrainable(true);
        Parameter[] parameters = [.. model.Parameters.Values];
        using var stopping = validation.Count == 0 ? null : new EarlyStopping(parameters, settings.Patience, () => HeldOutLoss.Measure(model, validation));
        using var mode = new TrainingMode(settings.Precision, settings.RecomputeActivations, model);
        Fitting.Run(
            parameters,
            lengths,
            fitting,
            random,
            batch => Fitting.Figures(Backward(model, batch, training, lengths, settings.Packing)),
            (update, figures) =>
            {
                losses.Add(figures[Fitting.LossName]);
                progress.Report(new TrainingStep(update, updates, figures));
            },
            cancellationToken,
            checkpoints,
            stopping);
        model.SetTrainable(false);
        var tenth = Math.Max(1, losses.Count / 10);
        var results = new Dictionary<string, double> { ["loss_first"] = losses.Take(tenth).Average(), ["loss_last"] = losses.TakeLast(tenth).Average() };
        if (stopping is not null)
        {
            results[Fitting.ValidationLossName] = stopping.BestLoss;
            results["best_epoch"] = stopping.BestEpoch;
            results["epochs"] = stopping.Epochs;
            results["examples_held_out"] = validation.Count;
        }

        return results;
    }

    /// <summary>Which examples are trained on and which are only measured on: a draw of the seed.</summary>
    internal static (IReadOnlyList<EncodedExample> Training, IReadOnlyList<EncodedExample> Validation) Split(
        IReadOnlyList<EncodedExample> examples, double validationShare, ulong seed)
    {
        if (validationShare == 0)
        {
            return (examples, []);
        }

        var shuffled = examples.ToArray();
        new Random(Seeds.ForRandom(Seeds.Derive(seed, ValidationDraw))).Shuffle(shuffled);
        var count = (int)Math.Round(validationShare * shuffled.Length);
        return count > 0 && count < shuffled.Length
            ? (shuffled[count..], shuffled[..count])
            : throw new ArgumentException($"A validation share of {validationShare} of {shuffled.Length} examples leaves {shuffled.Length - count} to train on and {count} to validate with; both need one.", nameof(examples));
    }

    /// <summary>Adds the gradients of a batch's mean token loss, and returns that loss.</summary>
    /// <param name="model">What trains.</param>
    /// <param name="batch">Indices of examples.</param>
    /// <param name="examples">All of them.</param>
    /// <param name="lengths">Tokens of each.</param>
    /// <param name="isPacked">Whether sequences follow each other in rows, or are padded to those of like length.</param>
    /// <param name="maxTokens">Tokens a forward and backward pass.</param>
    internal static double Backward(
        CausalLanguageModel model, int[] batch, IReadOnlyList<EncodedExample> examples, int[] lengths, bool isPacked, int maxTokens = LengthBuckets.DefaultTokens)
    {
        var tokens = batch.Sum(index => (double)examples[index].ResponseLength);
        var total = 0.0;
        foreach (var part in isPacked ? Minibatches.Rows(batch, lengths, maxTokens) : Minibatches.Parts(batch, lengths, maxTokens))
        {
            using var scope = NewDisposeScope();
            EncodedExample[] taken = [.. part.Select(index => examples[index])];
            using var responses = isPacked ? ResponseBatch.Packed(taken, model.Device) : ResponseBatch.Padded(taken, model.Device);
            var logits = model.Logits(responses.Hidden(model)); // [N, V]
            var loss = (-TokenLogprobs.Gather(logits, responses.Targets).sum()).DividedBy(tokens); // []
            loss.backward();
            total += loss.item<float>();
        }

        return total;
    }
}
