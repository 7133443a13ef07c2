using Rlhf.LanguageModels;
using TorchSharp.Modules;

namespace Rlhf.Learner.Training;

/// <summary>The loop of supervised and reward-model training: AdamW over epochs of batches, linear warm-up and decay.</summary>
internal static class Fitting
{
    private const int UpdatesBetweenTrims = 10;

    /// <summary>Trains the parameters in place.</summary>
    /// <param name="parameters">All that train.</param>
    /// <param name="lengths">Tokens of each item.</param>
    /// <param name="settings">How.</param>
    /// <param name="random">Of the items' order.</param>
    /// <param name="backward">Adds the gradients of a batch's mean loss and returns that loss; given are the items' indices.</param>
    /// <param name="onUpdate">Gets the number of each update, from 1, and its loss.</param>
    /// <param name="cancellationToken">Ends the training between two updates.</param>
    /// <exception cref="TrainingException">A loss or gradient was not finite.</exception>
    public static void Run(
        IReadOnlyList<Parameter> parameters,
        IReadOnlyList<int> lengths,
        FittingSettings settings,
        Random random,
        Func<int[], double> backward,
        Action<int, double> onUpdate,
        CancellationToken cancellationToken)
    {
        var batches = Enumerable.Range(0, settings.Epochs)
            .SelectMany(_ => Minibatches.Epoch(lengths, settings.BatchSize, random)).ToArray();
        using var optimizer = new AdamWOptimizer(new ParameterGroup(parameters, settings.LearningRate, settings.WeightDecay));
        for (var update = 0; update < batches.Length; update++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var group in optimizer.Groups)
            {
                group.LearningRate = settings.LearningRate * LearningRate.Factor(update, batches.Length, settings.WarmUpShare);
            }

            var number = update + 1;
            var loss = backward(batches[update]);
            Update.Apply(optimizer, settings.MaxGradientNorm, loss, () => $"update {number}");
            onUpdate(number, loss);
            if (number % UpdatesBetweenTrims == 0)
            {
                FreedMemory.Return();
            }
        }
    }
}
