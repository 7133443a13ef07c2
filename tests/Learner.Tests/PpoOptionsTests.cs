using Rlhf.LanguageModels;
using Rlhf.Learner.Ppo;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.Tensors;
using Rlhf.V1;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

public sealed class PpoOptionsTests
{
    private static readonly PpoSettings s_settings = new()
    {
        Steps = 4,
        RolloutsPerStep = 32,
        MaxNewTokens = TinyRollouts.MaxNewTokens,
        LoraRank = 2,
        LearningRate = 1e-2,
        ValueLearningRate = 1e-2,
        KlCoefficient = 0.02,
        UnfinishedPenalty = 0,
    };

    [Fact]
    public void All_weights_train_beside_a_frozen_copy_and_are_published_whole()
    {
        var folder = Directory.CreateTempSubdirectory("ppo-whole-").FullName;
        var settings = s_settings with { FullFineTuning = true, LearningRate = 1e-3, Steps = 8 };
        var (baseline, model) = (TinyModels.Create(), TinyModels.Create());
        var before = Sum(baseline);
        using var policy = PpoPolicy.Create(baseline, settings, 4, () => model);
        Assert.Equal(VersionKind.Policy, policy.Kind);
        Assert.True(policy.TrainableShare > 1); // the model, and the value head
        var recorder = new Recorder();
        string Publish(long step, double beta, AdamWOptimizer optimizer)
        {
            if (step == settings.Steps)
            {
                policy.Save(folder, "base", (1, 0), step, beta);
            }

            return $"policy/{step}";
        }

        new PpoTrainer(policy, settings, 4, null, null, Publish, (step, _, _) => TinyRollouts.Sample(model, 64, step))
            .Train(recorder, TestContext.Current.CancellationToken);
        var scores = recorder.Of("score");
        Assert.True(scores[^1] > 2 * scores[0], $"from {scores[0]} to {scores[^1]}");
        Assert.True(recorder.Of("kl")[^1] > 0.1);
        Assert.Equal(before, Sum(baseline));

        using var loaded = CausalLanguageModel.Load(folder);
        Assert.Equal(Sum(model), Sum(loaded));
        using var resumed = PpoPolicy.Resume(TinyModels.Create(), folder, PpoCheckpoint.Load(folder), settings);
        var rollouts = TinyRollouts.Sample(model, 4, seed: 1);
        Assert.Equal(policy.Read(rollouts).Values, resumed.Read(rollouts).Values);
        Assert.Equal(policy.Read(rollouts).ReferenceLogprobs, resumed.Read(rollouts).ReferenceLogprobs);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Values_with_an_adapter_of_their_own_learn_without_moving_the_policy(bool isWhole)
    {
        var folder = Directory.CreateTempSubdirectory("ppo-values-").FullName;
        var settings = s_settings with { ValueTrunk = ValueTrunk.OwnAdapter, FullFineTuning = isWhole };
        using var policy = PpoPolicy.Create(TinyModels.Create(), settings, 4, () => TinyModels.Create());
        Disturb(policy);
        var examples = TinyModels.RandomExamples(6, 3);
        var rollouts = examples.Select(example => new Rollout(example, new float[example.ResponseLength], true, 0, "p")).ToArray();
        var reading = policy.Read(rollouts);
        var zeros = reading.Values.Select(row => new float[row.Length]).ToArray();
        var ones = reading.Values.Select(row => row.Select(value => value + 1).ToArray()).ToArray();
        var update = new PpoUpdate(policy, settings, rollouts, reading, new StepTargets(zeros, ones, 0, 0, 0, new(1, 0, 0, 0)), beta: 0.1);
        var figures = update.Backward([0, 1, 2, 3, 4, 5]);
        Assert.Equal(0.5, figures.ValueLoss, 1e-5); // each value is 1 short of its return
        Assert.All(policy.PolicyParameters(), parameter => Assert.True(IsZero(parameter)));
        Assert.DoesNotContain(policy.ValueParameters(), IsZero);

        policy.Save(folder, "base", (1, 0), 1, 0.1);
        using var resumed = PpoPolicy.Resume(TinyModels.Create(), folder, PpoCheckpoint.Load(folder), settings);
        Assert.Equal(reading.Values, resumed.Read(rollouts).Values);
        Assert.Equal(reading.PolicyLogprobs, resumed.Read(rollouts).PolicyLogprobs);
        Assert.Equal(reading.ReferenceLogprobs, resumed.Read(rollouts).ReferenceLogprobs);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(AdvantageEstimator.Generalized)]
    [InlineData(AdvantageEstimator.GroupRelative)]
    public void Micro_batches_padding_and_single_responses_give_the_same_losses_and_gradients(AdvantageEstimator advantages)
    {
        var settings = s_settings with { Advantages = advantages, EntropyWeight = 0.01 };
        using var policy = PpoPolicy.Create(TinyModels.Create(), settings, 4, () => TinyModels.Create());
        Disturb(policy);
        var random = new Random(5);
        var rollouts = TinyModels.RandomExamples(12, 3)
            .Select((example, i) => new Rollout(example, new float[example.ResponseLength], i % 4 != 0, random.NextDouble(), $"prompt {i / 4}")).ToArray();
        var reading = policy.Read(rollouts);
        rollouts = [.. rollouts.Select((rollout, i) => rollout with { Logprobs = reading.PolicyLogprobs[i] })];
        var targets = StepTargets.Compute(rollouts, reading, 0.1, settings, 1);
        Disturb(policy, seed: 2); // ratios other than 1
        int[] batch = [.. Enumerable.Range(0, rollouts.Length)];
        var tokens = rollouts.Sum(rollout => (double)rollout.Example.ResponseLength);
        PpoUpdate Update(int microBatchTokens) => new(policy, settings with { MicroBatchTokens = microBatchTokens }, rollouts, reading, targets, beta: 0.1);

        var (padded, paddedGradients) = (Update(4096).BackwardOf(batch, tokens), Gradients(policy)); // all in one padded batch
        var (bucketed, bucketedGradients) = (Update(40).Backward(batch), Gradients(policy));
        var (single, singleGradients) = (Update(1).Backward(batch), Gradients(policy));
        foreach (var (figures, gradients) in ((UpdateFigures, float[])[])[(bucketed, bucketedGradients), (single, singleGradients)])
        {
            Assert.Equal(padded.PolicyLoss, figures.PolicyLoss, 1e-5);
            Assert.Equal(padded.ValueLoss, figures.ValueLoss, 1e-5);
            Assert.Equal(padded.ApproximateKl, figures.ApproximateKl, 1e-5);
            Assert.Equal(padded.ClipFraction, figures.ClipFraction, 1e-5);
            Assert.All(paddedGradients.Zip(gradients), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }

        Assert.Contains(paddedGradients, gradient => Math.Abs(gradient) > 1e-3);
    }

    [Fact]
    public void A_step_ends_early_once_the_policy_is_too_far_from_the_one_that_sampled()
    {
        var figures = Train(s_settings with { Steps = 1, Epochs = 10, MinibatchSize = 8, EpochKlLimit = 1e-3 });
        Assert.InRange(figures["updates"], 1, 39);
        Assert.True(figures["approximate_kl"] <= 1e-3);
        Assert.Equal(40, Train(s_settings with { Steps = 1, Epochs = 10, MinibatchSize = 8 })["updates"]);
    }

    [Fact]
    public void The_learning_rate_rises_and_falls_as_the_settings_say()
    {
        var recorder = new Recorder();
        Train(s_settings with { Steps = 5, WarmUpShare = 0.2, FinalLearningRateShare = 0.5 }, recorder: recorder);
        // Half of the peak is kept; of the other half, 1/2 in the step of warm-up, and then 4/4, 3/4, 2/4, 1/4.
        Assert.Equal([0.75, 1, 0.875, 0.75, 0.625], recorder.Of("learning_rate").Select(rate => Math.Round(rate / 1e-2, 12)));
    }

    [Fact]
    public void An_entropy_bonus_keeps_the_distributions_wide()
    {
        var without = Train(s_settings with { Steps = 6 })["entropy"];
        var with = Train(s_settings with { Steps = 6, EntropyWeight = 1 })["entropy"];
        Assert.True(with > without + 0.2, $"{with} against {without}");
    }

    [Fact]
    public void Rollouts_of_another_number_format_need_the_correction_and_too_distant_ones_are_refused()
    {
        var corrected = s_settings with { Steps = 2, CorrectsRolloutMismatch = true };
        var random = new Random(1);
        List<Rollout> Rounded(List<Rollout> rollouts, double size) =>
            [.. rollouts.Select(rollout => rollout with { Logprobs = [.. rollout.Logprobs.Select(l => l + (float)(size * (random.NextDouble() - 0.5)))] })];
        var figures = Train(corrected, rollouts => Rounded(rollouts, 0.02));
        Assert.InRange(figures["rollout_kl"], 1e-6, 1e-3);
        Assert.InRange(figures["rollout_ratio_max"], 1.001, 1.02);
        Assert.Throws<TrainingException>(() => Train(s_settings with { Steps = 1 }, rollouts => Rounded(rollouts, 0.02)));
        var error = Assert.Throws<TrainingException>(() => Train(corrected, rollouts => Rounded(rollouts, 4)));
        Assert.Contains("nats a token (at most 0.1)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_generator_in_bfloat16_needs_the_correction()
    {
        var folder = Directory.CreateTempSubdirectory("ppo-bfloat16-").FullName;
        var model = TinyModels.Create();
        model.Save(folder, 1, 0);
        using var generator = CausalLanguageModel.Load(folder, ScalarType.BFloat16);
        Directory.Delete(folder, recursive: true);
        using var policy = PpoPolicy.Create(model, s_settings, 4, () => throw new InvalidOperationException());
        PpoTrainer Trainer(PpoSettings settings) => new(
            policy, settings with { Steps = 1 }, 4, null, null, (step, _, _) => $"policy/{step}", (step, _, _) => TinyRollouts.Sample(generator, 32, step));
        Assert.Throws<TrainingException>(() => Trainer(s_settings).Train(new Recorder(), TestContext.Current.CancellationToken));
        var recorder = new Recorder();
        Trainer(s_settings with { CorrectsRolloutMismatch = true }).Train(recorder, TestContext.Current.CancellationToken);
        Assert.InRange(recorder.Of("rollout_kl")[0], 1e-8, 1e-3);
    }

    [Fact]
    public void Zero_is_the_default_only_where_it_has_no_meaning_of_its_own()
    {
        var defaults = PpoSettings.From(new PpoOptions());
        Assert.Equal(new PpoSettings(), defaults);
        var zeros = PpoSettings.From(new PpoOptions
        {
            KlCoefficient = 0,
            UnfinishedPenalty = 0,
            UnfinishedScore = 0,
            MaxKl = 0,
            Discount = 0,
            AdvantageLambda = 0,
            ValueWeight = 0,
            ClipRange = 0,
        });
        Assert.Equal((0, 0, 0.0), (zeros.KlCoefficient, zeros.UnfinishedPenalty, zeros.UnfinishedScore));
        Assert.Equal((0, 0, 0, 0, 0.2), (zeros.MaxKl, zeros.Discount, zeros.AdvantageLambda, zeros.ValueWeight, zeros.ClipRange));
        Assert.Equal((2e-3, 5e-5), (defaults.PeakLearningRate, PpoSettings.From(new PpoOptions { FullFineTuning = true }).PeakLearningRate));
        Assert.Throws<ArgumentException>(() => PpoSettings.From(new PpoOptions { EntropyWeight = -1 }));
    }

    [Theory]
    [InlineData(true, ValueTrunk.Shared)]
    [InlineData(false, ValueTrunk.OwnAdapter)]
    public void A_step_leaves_no_tensor(bool isWhole, ValueTrunk trunk)
    {
        var settings = s_settings with { FullFineTuning = isWhole, ValueTrunk = trunk, EntropyWeight = 0.01, CorrectsRolloutMismatch = true };
        var (baseline, copy) = (TinyModels.Create(), TinyModels.Create());
        using var policy = PpoPolicy.Create(baseline, settings, 4, () => copy);
        var live = new List<long>();
        string Publish(long step, double beta, AdamWOptimizer optimizer)
        {
            live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
            return $"policy/{step}";
        }

        new PpoTrainer(policy, settings, 4, null, null, Publish, (step, _, _) => TinyRollouts.Sample(isWhole ? copy : baseline, 8, step))
            .Train(new Recorder(), TestContext.Current.CancellationToken);
        Assert.Equal(live[1], live[^1]);
        if (isWhole)
        {
            return; // the baseline is the policy's
        }

        copy.Dispose();
    }

    /// <summary>Trains a tiny model, and returns the last step's figures.</summary>
    private static IReadOnlyDictionary<string, double> Train(
        PpoSettings settings, Func<List<Rollout>, List<Rollout>>? change = null, Recorder? recorder = null)
    {
        var model = TinyModels.Create();
        using var policy = PpoPolicy.Create(model, settings, 4, () => throw new InvalidOperationException());
        recorder ??= new Recorder();
        new PpoTrainer(policy, settings, 4, null, null, (step, _, _) => $"policy/{step}", (step, _, _) =>
        {
            var rollouts = TinyRollouts.Sample(model, settings.RolloutsPerStep, step);
            return change?.Invoke(rollouts) ?? rollouts;
        }).Train(recorder, TestContext.Current.CancellationToken);
        return recorder.Steps[^1].Values;
    }

    private static void Disturb(PpoPolicy policy, ulong seed = 1)
    {
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator(seed);
        foreach (var parameter in policy.Parameters())
        {
            parameter.copy_(parameter.Plus(randn(parameter.shape, generator: generator).Times(0.05)));
        }
    }

    private static bool IsZero(Parameter parameter)
    {
        using var scope = NewDisposeScope();
        return parameter.grad is not { } gradient || gradient.abs().max().item<float>() == 0;
    }

    private static float[] Gradients(PpoPolicy policy)
    {
        using var scope = NewDisposeScope();
        var gradients = new List<float>();
        foreach (var parameter in policy.Parameters())
        {
            if (parameter.grad is { } gradient)
            {
                gradients.AddRange(gradient.data<float>());
                gradient.zero_();
            }
        }

        return [.. gradients];
    }

    private static double Sum(CausalLanguageModel model)
    {
        using var scope = NewDisposeScope();
        return model.Parameters.Values.Sum(parameter => parameter.detach().to(float64).sum().item<double>());
    }
}
