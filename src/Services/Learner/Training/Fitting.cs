using Rlhf.LanguageModels;
using Rlhf.Learner.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>The loop of supervised and reward-model training: AdamW over epochs of batches, linear warm-up and decay.</summary>
internal static class Fitting
{
    private const int UpdatesBetweenTrims = 10;

    /// <summary>Trains the parameters in place. A fit that was cut off goes on to the bit from its newest checkpoint.</summary>
    /// <param name="parameters">All that train.</param>
    /// <param name="lengths">Tokens of each item.</param>
    /// <param name="settings">How.</param>
    /// <param name="random">Of the items' order.</param>
    /// <param name="backward">Adds the gradients of a batch's mean loss and returns that loss; given are the items' indices.</param>
    /// <param name="onUpdate">Gets the number of each update, from 1, and its loss; those done before a cut come first, again.</param>
    /// <param name="cancellationToken">Ends the training between two updates.</param>
    /// <param name="checkpoints">Where this fit's state is kept; null begins at the start, always.</param>
    /// <exception cref="InvalidDataException">The newest checkpoint is another fit's.</exception>
    /// <exception cref="TrainingException">A loss or gradient was not finite.</exception>
    public static void Run(
        IReadOnlyList<Parameter> parameters,
        IReadOnlyList<int> lengths,
        FittingSettings settings,
        Random random,
        Func<int[], double> backward,
        Action<int, double> onUpdate,
        CancellationToken cancellationToken,
        FitCheckpoints? checkpoints = null)
    {
        var batches = Enumerable.Range(0, settings.Epochs)
            .SelectMany(_ => Minibatches.Epoch(lengths, settings.BatchSize, random)).ToArray();
        using var optimizer = optim.AdamW(parameters, settings.LearningRate, weight_decay: settings.WeightDecay);
        var losses = (checkpoints?.Restore(parameters, optimizer, batches.Length) ?? []).ToList();
        foreach (var (index, loss) in losses.Index())
        {
            onUpdate(index + 1, loss);
        }

        for (var update = losses.Count; update < batches.Length; update++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var group in optimizer.ParamGroups)
            {
                group.LearningRate = settings.LearningRate * LearningRate.Factor(update, batches.Length, settings.WarmUpShare);
            }

            var number = update + 1;
            var loss = backward(batches[update]);
            Update.Apply(optimizer, parameters, settings.MaxGradientNorm, loss, () => $"update {number}");
            losses.Add(loss);
            onUpdate(number, loss);
            checkpoints?.Offer(parameters, optimizer, losses, batches.Length);
            if (number % UpdatesBetweenTrims == 0)
            {
                FreedMemory.Return();
            }
        }
    }
}
