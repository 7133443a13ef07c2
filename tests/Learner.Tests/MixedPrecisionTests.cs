using Rlhf.Learner.Data;
using Rlhf.Learner.Dpo;
using Rlhf.Learner.Ppo;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.Tensors;
using Rlhf.V1;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

/// <summary>PPO and direct preference optimization in bfloat16 and with recomputed activations, against float32.</summary>
public sealed class MixedPrecisionTests
{
    // bfloat16 keeps 8 bits: a product is off by up to 0.4 %. A path of gradients through the two layers crosses some 28 of them, whose
    // errors add up like a random walk to 2 %; the models here have a head ten times as large, which makes a few times that of it.
    private const double Tolerance = 0.1;
    private const double RecomputationTolerance = 1e-6;

    private static readonly PpoSettings s_ppo = new()
    {
        Steps = 2,
        RolloutsPerStep = 16,
        LoraRank = 2,
        LearningRate = 1e-2,
        MaxNewTokens = TinyRollouts.MaxNewTokens,
        EntropyWeight = 0.01,
        CorrectsRolloutMismatch = true,
    };

    private static readonly DpoSettings s_dpo = new() { Epochs = 2, BatchSize = 8, LoraRank = 2, LearningRate = 1e-2 };

    [Theory]
    [InlineData(false, ValueTrunk.Shared)]
    [InlineData(false, ValueTrunk.OwnAdapter)]
    [InlineData(true, ValueTrunk.Shared)]
    [InlineData(true, ValueTrunk.OwnAdapter)]
    public void Gradients_of_ppo_stay_near_float32_in_bfloat16_and_are_the_same_with_recomputed_activations(bool isWhole, ValueTrunk trunk)
    {
        var settings = s_ppo with { FullFineTuning = isWhole, ValueTrunk = trunk };
        var exact = PpoGradients(settings);
        Assert.InRange(Distance(exact, PpoGradients(settings with { Precision = Precision.Bfloat16 })), 1e-4, Tolerance);
        AssertSame(exact, PpoGradients(settings with { RecomputeActivations = true }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gradients_of_dpo_stay_near_float32_in_bfloat16_and_are_the_same_with_recomputed_activations(bool isWhole)
    {
        var settings = s_dpo with { FullFineTuning = isWhole };
        var exact = DpoGradients(settings);
        Assert.InRange(Distance(exact, DpoGradients(settings with { Precision = Precision.Bfloat16 })), 1e-4, Tolerance);
        AssertSame(exact, DpoGradients(settings with { RecomputeActivations = true }));
    }

    [Fact]
    public void Ppo_in_bfloat16_begins_each_step_at_a_ratio_of_one_and_trains_float32_weights()
    {
        var model = TinyModels.Create();
        using var policy = PpoPolicy.Create(model, s_ppo, 4, () => throw new InvalidOperationException());
        var recorder = new Recorder();
        // One update a step, and what it measured is from before it.
        var settings = s_ppo with { Precision = Precision.Bfloat16, RecomputeActivations = true, Epochs = 1, MinibatchSize = 16 };
        var types = new List<(ScalarType, bool)>();
        var trainer = new PpoTrainer(policy, settings, 4, null, null, (step, _, _) => $"policy/{step}", (step, _, _) => TinyRollouts.Sample(model, 16, step))
        {
            Evaluate = _ =>
            {
                types.Add((model.ProductType, model.RecomputesBlocks));
                return new Dictionary<string, double>();
            },
        };
        trainer.Train(recorder, TestContext.Current.CancellationToken);
        Assert.All(recorder.Of("ratio_max"), ratio => Assert.Equal(1, ratio, 1e-4));
        Assert.All(recorder.Of("rollout_kl"), kl => Assert.InRange(kl, 1e-8, 1e-2)); // the samples were drawn in float32
        Assert.All(policy.Parameters(), parameter => Assert.Equal(ScalarType.Float32, parameter.dtype));
        Assert.Equal([(ScalarType.Float32, false), (ScalarType.Float32, false)], types); // what is measured is float32
    }

    [Fact]
    public void Dpo_in_bfloat16_begins_at_the_baseline_and_measures_in_float32()
    {
        using var policy = TrainablePolicy.WithNewAdapter(TinyModels.Create(), 2, seed: 3);
        var recorder = new Recorder();
        var settings = s_dpo with { Precision = Precision.Bfloat16, RecomputeActivations = true };
        var results = new DpoTrainer(policy, Pairs(), settings, seed: 5).Train(recorder, TestContext.Current.CancellationToken);
        Assert.Equal(Math.Log(2), recorder.Of("loss")[0], 1e-5); // no reward yet: policy and baseline are read in the same numbers
        Assert.True(results["loss_last"] < results["loss_first"], $"from {results["loss_first"]} to {results["loss_last"]}");
        Assert.Equal((ScalarType.Float32, false), (policy.Model.ProductType, policy.Model.RecomputesBlocks));
        Assert.All(policy.Parameters(), parameter => Assert.Equal(ScalarType.Float32, parameter.dtype));
    }

    [Fact]
    public void Ppo_in_bfloat16_without_the_correction_is_refused_with_the_remedy()
    {
        var error = Assert.Throws<ArgumentException>(() => PpoSettings.From(new PpoOptions { Precision = Precision.Bfloat16 }));
        Assert.StartsWith("Precision bfloat16 of PPO needs CorrectsRolloutMismatch", error.Message, StringComparison.Ordinal);
        Assert.Equal(Precision.Bfloat16, PpoSettings.From(new PpoOptions { Precision = Precision.Bfloat16, CorrectsRolloutMismatch = true }).Precision);
        Assert.Throws<ArgumentException>(() => DpoSettings.From(new DpoOptions { Precision = (Precision)7 }));
    }

    private static float[] PpoGradients(PpoSettings settings)
    {
        using var scope = NewDisposeScope();
        using var policy = PpoPolicy.Create(TinyModels.Create(), settings, 4, () => TinyModels.Create());
        Disturb(policy.Parameters(), seed: 1);
        var random = new Random(5);
        Rollout[] rollouts =
        [
            .. TinyModels.RandomExamples(12, 3).Select((example, i) => new Rollout(example, new float[example.ResponseLength], i % 4 != 0, random.NextDouble(), $"prompt {i / 4}")),
        ];
        var recorded = policy.Read(rollouts).PolicyLogprobs; // in float32, as a generator's
        rollouts = [.. rollouts.Select((rollout, i) => rollout with { Logprobs = recorded[i] })];
        using var mode = policy.Computing(settings.Precision, settings.RecomputeActivations);
        var reading = policy.Read(rollouts);
        var targets = StepTargets.Compute(rollouts, reading, 0.1, settings, 1);
        Disturb(policy.Parameters(), seed: 2); // ratios other than 1
        new PpoUpdate(policy, settings, rollouts, reading, targets, beta: 0.1).Backward([.. Enumerable.Range(0, rollouts.Length)]);
        return Gradients(policy.Parameters());
    }

    private static float[] DpoGradients(DpoSettings settings)
    {
        using var scope = NewDisposeScope();
        using var policy = settings.FullFineTuning
            ? TrainablePolicy.Whole(TinyModels.Create(), baseline: null)
            : TrainablePolicy.WithNewAdapter(TinyModels.Create(), settings.LoraRank, seed: 3);
        var pairs = Pairs();
        var trainer = new DpoTrainer(policy, pairs, settings, seed: 5);
        using var mode = policy.Computing(settings.Precision, settings.RecomputeActivations);
        var references = trainer.References(pairs);
        Disturb(policy.Parameters(), seed: 1);
        trainer.Backward([.. Enumerable.Range(0, pairs.Count)], references, out _);
        return Gradients(policy.Parameters());
    }

    private static List<EncodedPair> Pairs()
    {
        var random = new Random(11);
        return
        [
            .. Enumerable.Range(0, 16).Select(_ =>
            {
                int[] prompt = [.. TinyModels.Tokens(random, random.Next(2, 6))];
                EncodedExample Response(int last) => new([.. prompt, .. TinyModels.Tokens(random, random.Next(1, 8)), last], prompt.Length);
                return new EncodedPair(Response(7), Response(1), 0.9, IsHeldOut: false);
            }),
        ];
    }

    /// <summary>How long the difference is, as a share of the first.</summary>
    private static double Distance(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return Math.Sqrt(expected.Zip(actual, (a, b) => Math.Pow(a - b, 2)).Sum() / expected.Sum(a => Math.Pow(a, 2)));
    }

    private static void AssertSame(float[] expected, float[] actual)
    {
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, RecomputationTolerance));
        Assert.Contains(expected, gradient => Math.Abs(gradient) > 1e-3);
    }

    private static float[] Gradients(IReadOnlyList<Parameter> parameters) => [.. parameters.SelectMany(parameter => parameter.grad?.data<float>().ToArray() ?? [])];

    private static void Disturb(IReadOnlyList<Parameter> parameters, ulong seed)
    {
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator(seed);
        foreach (var parameter in parameters)
        {
            parameter.copy_(parameter.Plus(randn(parameter.shape, generator: generator).Times(0.05)));
        }
    }
}
