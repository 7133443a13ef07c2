using System.Diagnostics;
using Rlhf.LanguageModels;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Learner.Ppo;

/// <summary>
/// Proximal policy optimization on responses that others sample and score (Schulman et al. 2017, arXiv:1707.06347; Ouyang et
/// al. 2022, arXiv:2203.02155). Each step: publish the policy, collect responses of it, measure them, update on them.
/// </summary>
/// <param name="policy">What trains.</param>
/// <param name="settings">How.</param>
/// <param name="seed">Of the minibatches' order.</param>
/// <param name="resumed">Where an interrupted job stood; null begins a new one.</param>
/// <param name="restore">Gives the optimizer of a resumed job what it had; null where nothing is resumed.</param>
/// <param name="publish">Makes the policy after this many updates, with this beta and optimizer, known, and returns its version.</param>
/// <param name="collect">Gives the scored responses of a step, sampled by a version.</param>
internal sealed class PpoTrainer(
    PpoPolicy policy,
    PpoSettings settings,
    ulong seed,
    PpoCheckpoint? resumed,
    Action<AdamWOptimizer>? restore,
    Func<long, double, AdamWOptimizer, string> publish,
    Func<long, string, CancellationToken, IReadOnlyList<Rollout>> collect)
{
    private readonly long _firstStep = (resumed?.Step ?? 0) + 1;
    private IKlController _controller = settings.KlTarget > 0
        ? new AdaptiveKlController(resumed?.Beta ?? settings.KlCoefficient, settings.KlTarget, settings.KlHorizon)
        : new FixedKlController(settings.KlCoefficient);

    /// <summary>Runs all steps that are left, and publishes the policy after the last.</summary>
    /// <param name="progress">Gets every step with its figures.</param>
    /// <param name="cancellationToken">Ends the training between two updates.</param>
    /// <returns>
    /// "trainable_parameter_share"; "score_first" and "score_last", the mean scores of the first and the last step, and
    /// "kl_final", the last step's KL, where a step was left.
    /// </returns>
    /// <exception cref="TrainingException">Too few responses came, generator and learner disagree, or a number is not finite.</exception>
    public IReadOnlyDictionary<string, double> Train(IProgress<TrainingStep> progress, CancellationToken cancellationToken)
    {
        using var optimizer = CreateOptimizer();
        restore?.Invoke(optimizer);
        var results = new Dictionary<string, double> { ["trainable_parameter_share"] = policy.TrainableShare };
        for (var step = _firstStep; step <= settings.Steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var clock = Stopwatch.StartNew();
            var version = publish(step - 1, _controller.Beta, optimizer);
            var rollouts = collect(step, version, cancellationToken);
            var samplingSeconds = clock.Elapsed.TotalSeconds;
            SetLearningRates(optimizer, 1 - ((step - 1) / (double)settings.Steps));
            var figures = Step(step, rollouts, optimizer, cancellationToken);
            figures["seconds"] = clock.Elapsed.TotalSeconds;
            figures["sampling_seconds"] = samplingSeconds;
            figures["tokens_per_second"] = rollouts.Sum(rollout => rollout.Example.ResponseLength) / clock.Elapsed.TotalSeconds;
            progress.Report(new TrainingStep(step, settings.Steps, figures));
            results.TryAdd("score_first", figures["score"]);
            results["score_last"] = figures["score"];
            results["kl_final"] = figures["kl"];
            FreedMemory.Return();
        }

        publish(settings.Steps, _controller.Beta, optimizer);
        return results;
    }

    private Dictionary<string, double> Step(
        long step, IReadOnlyList<Rollout> rollouts, AdamWOptimizer optimizer, CancellationToken cancellationToken)
    {
        var reading = policy.Read(rollouts);
        var targets = StepTargets.Compute(rollouts, reading, _controller.Beta, settings, step);
        var scores = rollouts.Select(rollout => rollout.Score).ToArray();
        var mean = scores.Average();
        var figures = new Dictionary<string, double>
        {
            ["score"] = mean,
            ["score_std"] = Math.Sqrt(scores.Average(score => (score - mean) * (score - mean))),
            ["kl"] = targets.KlPerSequence,
            ["kl_k3"] = targets.K3PerSequence,
            ["entropy"] = reading.Entropies.SelectMany(row => row).Average(),
            ["response_length"] = rollouts.Average(rollout => rollout.Example.ResponseLength),
            ["finished_fraction"] = rollouts.Average(rollout => rollout.IsFinished ? 1.0 : 0.0),
            ["beta"] = _controller.Beta,
        };
        if (double.IsFinite(targets.ExplainedVariance))
        {
            figures["explained_variance"] = targets.ExplainedVariance;
        }

        var updates = RunEpochs(step, rollouts, reading, targets, optimizer, cancellationToken);
        figures["ratio_max"] = updates.Max(update => update.LargestRatio);
        figures["clip_fraction"] = updates.Average(update => update.ClipFraction);
        figures["policy_loss"] = updates.Average(update => update.PolicyLoss);
        figures["value_loss"] = updates.Average(update => update.ValueLoss);
        figures["gradient_norm"] = updates.Average(update => update.GradientNorm);
        _controller = _controller.Update(targets.KlPerSequence, rollouts.Count);
        return figures;
    }

    private List<UpdateFigures> RunEpochs(
        long step,
        IReadOnlyList<Rollout> rollouts,
        PolicyReading reading,
        StepTargets targets,
        AdamWOptimizer optimizer,
        CancellationToken cancellationToken)
    {
        var lengths = rollouts.Select(rollout => rollout.Example.TokenIds.Length).ToArray();
        var updates = new List<UpdateFigures>();
        var random = new Random(Seeds.ForRandom(Seeds.Derive(seed, (ulong)step)));
        for (var epoch = 0; epoch < settings.Epochs; epoch++)
        {
            foreach (var batch in Minibatches.Epoch(lengths, settings.MinibatchSize, random))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var figures = Backward(batch, lengths, rollouts, reading, targets);
                var norm = Update.Apply(
                    optimizer,
                    settings.MaxGradientNorm,
                    figures.PolicyLoss + (settings.ValueWeight * figures.ValueLoss),
                    () => $"step {step}, update {updates.Count + 1} (policy loss {figures.PolicyLoss}, value loss {figures.ValueLoss}, "
                        + $"largest ratio {figures.LargestRatio:g4}, KL {targets.KlPerSequence:g4})");
                updates.Add(figures with { GradientNorm = norm });
            }
        }

        return updates;
    }

    /// <summary>Adds the gradients of a minibatch's loss, and returns its parts.</summary>
    private UpdateFigures Backward(
        int[] batch, int[] lengths, IReadOnlyList<Rollout> rollouts, PolicyReading reading, StepTargets targets)
    {
        var tokens = batch.Sum(index => (double)rollouts[index].Example.ResponseLength);
        var total = new UpdateFigures(0, 0, 0, 0, 0);
        foreach (var part in Minibatches.Parts(batch, lengths))
        {
            using var scope = NewDisposeScope();
            using var responses = new ResponseBatch([.. part.Select(index => rollouts[index].Example)], policy.Device);
            var (policyLogprobs, values, _) = policy.Forward(responses); // [N], [N]
            var rolloutLogprobs = Flat(part, index => rollouts[index].Logprobs); // [N]
            var advantages = Flat(part, index => targets.Advantages[index]); // [N]
            var returns = Flat(part, index => targets.Returns[index]); // [N]
            var rolloutValues = Flat(part, index => reading.Values[index]); // [N]
            var mask = ones_like(advantages, dtype: ScalarType.Bool); // [N], no padding is left
            var share = responses.Count / tokens;
            var policyLoss = PpoLoss.Policy(policyLogprobs, rolloutLogprobs, advantages, mask, settings.ClipRange) * share; // []
            var valueLoss = PpoLoss.Value(values, rolloutValues, returns, mask, settings.ValueClipRange) * share; // []
            var loss = settings.Advantages switch
            {
                AdvantageEstimator.Generalized => policyLoss + (valueLoss * settings.ValueWeight),
                AdvantageEstimator.GroupRelative => policyLoss + (KlToBaseline(policyLogprobs, part, reading) * share),
                _ => policyLoss,
            }; // []
            loss.backward();
            var ratio = RatioStatistics.Measure(policyLogprobs.detach(), rolloutLogprobs, mask, settings.ClipRange);
            total = new UpdateFigures(
                total.PolicyLoss + policyLoss.item<float>(),
                total.ValueLoss + valueLoss.item<float>(),
                Math.Max(total.LargestRatio, ratio.LargestRatio),
                total.ClipFraction + (ratio.ClipFraction * share),
                0);
        }

        return total;
    }

    private Tensor KlToBaseline(Tensor policyLogprobs, int[] part, PolicyReading reading) =>
        KlEstimators.K3(policyLogprobs, Flat(part, index => reading.ReferenceLogprobs[index])).mean() * _controller.Beta; // []

    private Tensor Flat(int[] part, Func<int, float[]> row) =>
        tensor(part.SelectMany(row).ToArray(), device: policy.Device); // [N]

    private AdamWOptimizer CreateOptimizer() => new(
        new ParameterGroup(policy.Adapter.Parameters, settings.LearningRate, weightDecay: 0),
        new ParameterGroup([policy.ValueHead.Weight], settings.ValueLearningRate, weightDecay: 0));

    private void SetLearningRates(AdamWOptimizer optimizer, double factor)
    {
        double[] peaks = [settings.LearningRate, settings.ValueLearningRate];
        foreach (var (group, peak) in optimizer.Groups.Zip(peaks))
        {
            group.LearningRate = peak * factor;
        }
    }

    private sealed record UpdateFigures(
        double PolicyLoss, double ValueLoss, double LargestRatio, double ClipFraction, double GradientNorm);
}
