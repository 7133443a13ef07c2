using Rlhf.LanguageModels;
using Rlhf.Learner.Checkpoints;
using TorchSharp.Modules;

namespace Rlhf.Learner.Training;

/// <summary>The loop of supervised and reward-model training: AdamW over epochs of batches, linear warm-up and decay.</summary>
internal static class Fitting
{
    /// <summary>Figure of an update: the batch's mean loss.</summary>
    public const string LossName = "loss";

    /// <summary>Figure of an epoch's last update where the fit may stop early: the loss on the examples that it does not train on.</summary>
    public const string ValidationLossName = "validation_loss";

    private const int UpdatesBetweenTrims = 10;

    /// <summary>The figures of an update of which only the loss is known.</summary>
    public static Dictionary<string, double> Figures(double loss) => new() { [LossName] = loss };

    /// <summary>Trains the parameters in place. A fit that was cut off goes on to the bit from its newest checkpoint.</summary>
    /// <param name="parameters">All that train.</param>
    /// <param name="lengths">Tokens of each item.</param>
    /// <param name="settings">How.</param>
    /// <param name="random">Of the items' order.</param>
    /// <param name="backward">Adds the gradients of a batch's mean loss and returns the update's figures, "loss" among them; given are the items' indices.</param>
    /// <param name="onUpdate">Gets the number of each update, from 1, and its figures; those done before a cut come first, again.</param>
    /// <param name="cancellationToken">Ends the training between two updates.</param>
    /// <param name="checkpoints">Where this fit's state is kept; null begins at the start, always.</param>
    /// <param name="stopping">Asked after each epoch whether to go on; null runs to the end.</param>
    /// <exception cref="InvalidDataException">The newest checkpoint is another fit's.</exception>
    /// <exception cref="TrainingException">A loss or gradient was not finite.</exception>
    public static void Run(
        IReadOnlyList<Parameter> parameters,
        IReadOnlyList<int> lengths,
        FittingSettings settings,
        Random random,
        Func<int[], Dictionary<string, double>> backward,
        Action<int, IReadOnlyDictionary<string, double>> onUpdate,
        CancellationToken cancellationToken,
        FitCheckpoints? checkpoints = null,
        EarlyStopping? stopping = null)
    {
        var batches = Enumerable.Range(0, settings.Epochs)
            .SelectMany(_ => Minibatches.Epoch(lengths, settings.BatchSize, random)).ToArray();
        using var optimizer = new AdamWOptimizer(new ParameterGroup(parameters, settings.LearningRate, settings.WeightDecay));
        var done = (checkpoints?.Restore(parameters, optimizer, batches.Length, stopping) ?? []).ToList();
        foreach (var (index, figures) in done.Index())
        {
            onUpdate(index + 1, figures);
        }

        var updatesPerEpoch = batches.Length / settings.Epochs;
        for (var update = done.Count; update < batches.Length && stopping?.IsOver != true; update++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var group in optimizer.Groups)
            {
                group.LearningRate = settings.LearningRate * LearningRate.Factor(update, batches.Length, settings.WarmUpShare);
            }

            var number = update + 1;
            var figures = backward(batches[update]);
            Update.Apply(optimizer, settings.MaxGradientNorm, figures[LossName], () => $"update {number}");
            if (stopping is not null && number % updatesPerEpoch == 0)
            {
                stopping.Measure();
                figures[ValidationLossName] = stopping.NewestLoss;
            }

            done.Add(figures);
            onUpdate(number, figures);
            checkpoints?.Offer(parameters, optimizer, done, batches.Length, stopping);
            if (number % UpdatesBetweenTrims == 0)
            {
                FreedMemory.Return();
            }
        }

        stopping?.TakeBest();
    }
}
