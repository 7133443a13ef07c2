using Rlhf.LanguageModels;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Data;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.Tensors;
using Rlhf.V1;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Learner.Dpo;

/// <summary>
/// Direct preference optimization (Rafailov et al. 2023, arXiv:2305.18290) on pairs of responses. The baseline's log-probabilities
/// are one number a response, read once before the first update: no second forward pass an update, and no copy where all weights train.
/// </summary>
/// <param name="policy">What trains; it must be its baseline still.</param>
/// <param name="pairs">Comparisons; those held out are only measured on.</param>
/// <param name="settings">How.</param>
/// <param name="seed">Of the pairs' order.</param>
internal sealed class DpoTrainer(TrainablePolicy policy, IReadOnlyList<EncodedPair> pairs, DpoSettings settings, ulong seed)
{
    private const int PartTokens = LengthBuckets.DefaultTokens / 2; // a pair is two sequences

    private static readonly Scalar s_one = 1;

    private readonly EncodedPair[] _training = [.. pairs.Where(pair => !pair.IsHeldOut)];
    private readonly EncodedPair[] _heldOut = [.. pairs.Where(pair => pair.IsHeldOut)];

    /// <summary>Trains the policy in place.</summary>
    /// <param name="progress">Gets every update with "loss", "chosen_reward", "rejected_reward", "reward_margin" and "reward_accuracy", the last four where a pair of the update is decided.</param>
    /// <param name="cancellationToken">Ends the training between two updates.</param>
    /// <param name="checkpoints">Where the training's state is kept; null begins at the start, always.</param>
    /// <returns>
    /// "trainable_parameter_share", "loss_first" and "loss_last" (mean of the first and the last tenth of the updates); of the held-out pairs,
    /// where one is decided, "preference_accuracy", "chosen_reward", "rejected_reward", "reward_margin" and "pairs_held_out".
    /// </returns>
    /// <exception cref="ArgumentException">There is no pair to train on.</exception>
    /// <exception cref="TrainingException">A loss or gradient was not finite.</exception>
    public IReadOnlyDictionary<string, double> Train(
        IProgress<TrainingStep> progress, CancellationToken cancellationToken, FitCheckpoints? checkpoints = null)
    {
        if (_training.Length == 0)
        {
            throw new ArgumentException("There is no pair to train on: all are held out.", nameof(pairs));
        }

        var fitting = FittingSettings.From(settings);
        var heldOutReferences = References(_heldOut);
        var losses = new double[fitting.Updates(_training.Length)];
        using (policy.Computing(settings.Precision, settings.RecomputeActivations))
        {
            var references = References(_training); // in the numbers of the updates: at first the policy is its baseline
            Fitting.Run(
                policy.Parameters(),
                Lengths(_training),
                fitting,
                new Random(Seeds.ForRandom(seed)),
                batch =>
                {
                    var figures = Fitting.Figures(Backward(batch, references, out var statistics));
                    AddTo(figures, statistics, "reward_accuracy");
                    return figures;
                },
                (update, figures) =>
                {
                    losses[update - 1] = figures[Fitting.LossName];
                    progress.Report(new TrainingStep(update, losses.Length, figures));
                },
                cancellationToken,
                checkpoints);
        }

        var tenth = Math.Max(1, losses.Length / 10);
        var results = new Dictionary<string, double>
        {
            ["trainable_parameter_share"] = policy.TrainableCount / (double)policy.Model.ParameterCount,
            ["loss_first"] = losses[..tenth].Average(),
            ["loss_last"] = losses[^tenth..].Average(),
        };
        var heldOut = Measure(heldOutReferences);
        AddTo(results, heldOut, "preference_accuracy");
        if (heldOut is not null)
        {
            results["pairs_held_out"] = heldOut.Pairs;
        }

        return results;
    }

    /// <summary>Adds the gradients of a batch's mean loss, and returns that loss.</summary>
    /// <param name="batch">Indices of training pairs.</param>
    /// <param name="references">The baseline's log-probability of each training pair's two responses.</param>
    /// <param name="statistics">Of the implicit rewards before the update.</param>
    internal double Backward(int[] batch, (float A, float B)[] references, out ImplicitRewardStatistics? statistics)
    {
        var total = 0.0;
        var (rewardsA, rewardsB, preferences) = (new List<double>(), new List<double>(), new List<double>());
        foreach (var part in Minibatches.Parts(batch, Lengths(_training), PartTokens))
        {
            using var scope = NewDisposeScope();
            var (a, b) = Rewards([.. part.Select(i => _training[i])], [.. part.Select(i => references[i])]); // [N], [N]
            var labels = tensor(part.Select(i => (float)_training[i].PreferenceA).ToArray(), device: policy.Model.Device); // [N]
            var smoothed = DpoLoss.SmoothedLabels(labels, settings.LabelSmoothing); // [N]
            var mean = settings.Loss == DirectPreferenceLoss.Identity
                ? DpoLoss.Identity(a, b, smoothed, settings.Beta)
                : DpoLoss.Logistic(a, b, smoothed); // []
            var loss = mean.Times(part.Length).DividedBy(batch.Length); // []
            loss.backward();
            total += loss.item<float>();
            rewardsA.AddRange(Numbers(a));
            rewardsB.AddRange(Numbers(b));
            preferences.AddRange(part.Select(i => _training[i].PreferenceA));
        }

        statistics = ImplicitRewardStatistics.Measure(rewardsA, rewardsB, preferences);
        return total;
    }

    /// <summary>The baseline's log-probabilities of each pair's responses.</summary>
    internal (float A, float B)[] References(IReadOnlyList<EncodedPair> of)
    {
        using var noGradients = no_grad();
        using var off = policy.AdapterOff();
        var references = new (float, float)[of.Count];
        foreach (var part in Minibatches.Parts([.. Enumerable.Range(0, of.Count)], Lengths(of), PartTokens))
        {
            using var scope = NewDisposeScope();
            var sums = SequenceLogprobs(policy.Baseline, [.. part.Select(i => of[i])]).cpu().data<float>().ToArray(); // [2N]
            foreach (var (place, index) in part.Index())
            {
                references[index] = (sums[place], sums[part.Length + place]);
            }
        }

        return references;
    }

    private ImplicitRewardStatistics? Measure((float A, float B)[] references)
    {
        using var noGradients = no_grad();
        var (rewardsA, rewardsB) = (new double[_heldOut.Length], new double[_heldOut.Length]);
        foreach (var part in Minibatches.Parts([.. Enumerable.Range(0, _heldOut.Length)], Lengths(_heldOut), PartTokens))
        {
            using var scope = NewDisposeScope();
            var (a, b) = Rewards([.. part.Select(i => _heldOut[i])], [.. part.Select(i => references[i])]); // [N], [N]
            foreach (var (index, (rewardA, rewardB)) in part.Zip(Numbers(a).Zip(Numbers(b))))
            {
                (rewardsA[index], rewardsB[index]) = (rewardA, rewardB);
            }
        }

        return ImplicitRewardStatistics.Measure(rewardsA, rewardsB, [.. _heldOut.Select(pair => pair.PreferenceA)]);
    }

    private (Tensor A, Tensor B) Rewards(EncodedPair[] of, (float A, float B)[] references)
    {
        var referenceLogprobs = tensor((float[])[.. references.Select(pair => pair.A), .. references.Select(pair => pair.B)], device: policy.Model.Device); // [2N]
        var rewards = DpoLoss.ImplicitRewards(SequenceLogprobs(policy.Model, of), referenceLogprobs, settings.Beta); // [2N]
        return (rewards[..of.Length], rewards[of.Length..]); // [N], [N]
    }

    /// <summary>Log-probability of each response, the As and then the Bs: [2N], in the caller's scope.</summary>
    private static Tensor SequenceLogprobs(CausalLanguageModel model, EncodedPair[] of)
    {
        EncodedExample[] examples = [.. of.Select(pair => pair.A), .. of.Select(pair => pair.B)];
        using var batch = ResponseBatch.Padded(examples, model.Device);
        var perToken = TokenLogprobs.Gather(model.Logits(batch.Hidden(model)), batch.Targets); // [tokens]
        var owners = examples.SelectMany((example, i) => Enumerable.Repeat((long)i, example.ResponseLength)).ToArray();
        return zeros(examples.Length, device: model.Device).index_add(0, tensor(owners, device: model.Device), perToken, s_one); // [2N]
    }

    private static int[] Lengths(IReadOnlyList<EncodedPair> of) => [.. of.Select(pair => Math.Max(pair.A.TokenIds.Length, pair.B.TokenIds.Length))];

    private static double[] Numbers(Tensor rewards) => rewards.detach().to(float64).cpu().data<double>().ToArray(); // [N]

    private static void AddTo(Dictionary<string, double> figures, ImplicitRewardStatistics? statistics, string accuracyName)
    {
        if (statistics is not null)
        {
            figures["chosen_reward"] = statistics.ChosenReward;
            figures["rejected_reward"] = statistics.RejectedReward;
            figures["reward_margin"] = statistics.Margin;
            figures[accuracyName] = statistics.Accuracy;
        }
    }
}
