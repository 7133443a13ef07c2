using System.Diagnostics;
using Rlhf.LanguageModels;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.V1;

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
    private readonly PpoAlarms _alarms = new(settings);
    private readonly long _firstStep = (resumed?.Step ?? 0) + 1;
    private IKlController _controller = settings.KlTarget > 0
        ? new AdaptiveKlController(resumed?.Beta ?? settings.KlCoefficient, settings.KlTarget, settings.KlHorizon)
        : new FixedKlController(resumed?.Beta ?? settings.KlCoefficient);

    /// <summary>Gets what a person should look at, in a sentence.</summary>
    public Action<string> Warn
    {
        init => _alarms.Warn = value;
    }

    /// <summary>Steps that were done before a cut: alarms look back on them.</summary>
    public IReadOnlyList<TrainingStep> Earlier
    {
        init
        {
            foreach (var step in value)
            {
                _alarms.Recall(step.Values);
            }
        }
    }

    /// <summary>Measures the policy after a step's updates, and gives figures of which more is better; null measures nothing.</summary>
    public Func<long, IReadOnlyDictionary<string, double>>? Evaluate { get; init; }

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
            SetLearningRates(optimizer, LearningRateFactor(step));
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
        var (reading, targets, updates) = Learn(step, rollouts, optimizer, cancellationToken);
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
        if (settings.CorrectsRolloutMismatch)
        {
            figures["rollout_kl"] = targets.RolloutMismatch.ApproximateKl;
            figures["rollout_ratio_max"] = targets.RolloutMismatch.LargestRatio;
        }

        if (double.IsFinite(targets.ExplainedVariance))
        {
            figures["explained_variance"] = targets.ExplainedVariance;
        }

        figures["updates"] = updates.Count;
        figures["ratio_max"] = updates.Max(update => update.LargestRatio);
        figures["clip_fraction"] = updates.Average(update => update.ClipFraction);
        figures["approximate_kl"] = updates[^1].ApproximateKl;
        figures["policy_loss"] = updates.Average(update => update.PolicyLoss);
        figures["gradient_norm"] = updates.Average(update => update.GradientNorm);
        figures["learning_rate"] = settings.PeakLearningRate * LearningRateFactor(step);
        if (settings.Advantages == AdvantageEstimator.Generalized)
        {
            figures["value_loss"] = updates.Average(update => update.ValueLoss);
        }

        foreach (var (name, value) in Evaluate?.Invoke(step) ?? new Dictionary<string, double>())
        {
            figures[PpoAlarms.EvaluationPrefix + name] = value;
        }

        _controller = _alarms.Check(step, figures, _controller.Update(targets.KlPerSequence, rollouts.Count));
        return figures;
    }

    // All of it in the same numbers: the ratio of the first update is 1.
    private (PolicyReading Reading, StepTargets Targets, List<UpdateFigures> Updates) Learn(
        long step, IReadOnlyList<Rollout> rollouts, AdamWOptimizer optimizer, CancellationToken cancellationToken)
    {
        using var mode = policy.Computing(settings.Precision, settings.RecomputeActivations);
        var reading = policy.Read(rollouts, settings.MicroBatchTokens);
        var targets = StepTargets.Compute(rollouts, reading, _controller.Beta, settings, step);
        return (reading, targets, RunEpochs(step, rollouts, reading, targets, optimizer, cancellationToken));
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
        var update = new PpoUpdate(policy, settings, rollouts, reading, targets, _controller.Beta);
        var random = new Random(Seeds.ForRandom(Seeds.Derive(seed, (ulong)step)));
        for (var epoch = 0; epoch < settings.Epochs; epoch++)
        {
            foreach (var batch in Minibatches.Epoch(lengths, settings.MinibatchSize, random))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var figures = update.Backward(batch);
                if (settings.EpochKlLimit > 0 && figures.ApproximateKl > settings.EpochKlLimit)
                {
                    optimizer.ClearGradients();
                    return updates;
                }

                var norm = Update.Apply(
                    optimizer,
                    settings.MaxGradientNorm,
                    figures.PolicyLoss + (settings.ValueWeight * figures.ValueLoss),
                    () => $"step {step}, update {updates.Count + 1} (policy loss {figures.PolicyLoss}, value loss {figures.ValueLoss}, "
                        + $"largest ratio {figures.LargestRatio:g4}, KL {targets.KlPerSequence:g4}, beta {_controller.Beta:g4}, "
                        + $"prompts {string.Join(", ", batch.Select(index => rollouts[index].PromptId).Distinct())})");
                updates.Add(figures with { GradientNorm = norm });
            }
        }

        return updates;
    }

    private AdamWOptimizer CreateOptimizer() => new(
        new ParameterGroup(policy.PolicyParameters(), settings.PeakLearningRate, weightDecay: 0),
        new ParameterGroup(policy.ValueParameters(), settings.ValueLearningRate, weightDecay: 0));

    private double LearningRateFactor(long step) =>
        settings.FinalLearningRateShare
        + ((1 - settings.FinalLearningRateShare) * LearningRate.Factor((int)(step - 1), settings.Steps, settings.WarmUpShare));

    private void SetLearningRates(AdamWOptimizer optimizer, double factor)
    {
        double[] peaks = [settings.PeakLearningRate, settings.ValueLearningRate];
        foreach (var (group, peak) in optimizer.Groups.Zip(peaks))
        {
            group.LearningRate = peak * factor;
        }
    }
}
