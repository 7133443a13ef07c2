using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using Rlhf.Learner.Ppo;
using Rlhf.Learner.Settings;
using Rlhf.Tensors;
using Rlhf.V1;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests.Parity;

/// <summary>One PPO step on fixed rollouts against an independent float64 loop: what is read, advantages, losses, and every gradient.</summary>
public sealed class PpoParityTests
{
    private const double Tolerance = 1e-5;
    private const double Difference = 1e-5; // of the loop's central differences: errors of about 1e-10
    private const double Beta = 0.3;

    private static readonly ModelConfig s_config = new()
    {
        VocabularySize = 11,
        HiddenSize = 8,
        IntermediateSize = 12,
        Layers = 1,
        Heads = 2,
        KeyValueHeads = 1,
        HeadSize = 4,
        ContextLength = 16,
    };

    private static readonly PpoSettings s_settings = new() { LoraRank = 2, Temperature = 0.8, UnfinishedPenalty = 0.7, AdvantageLambda = 0.9, Discount = 0.98 };

    public static TheoryData<string> Variants => ["ppo", "entropy", "unfinished score", "own value adapter", "corrected mismatch", "rloo", "grpo"];

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_step_equals_an_independent_float64_loop(string variant)
    {
        var settings = variant switch
        {
            "entropy" => s_settings with { EntropyWeight = 0.05 },
            "unfinished score" => s_settings with { UnfinishedScore = -2 },
            "own value adapter" => s_settings with { ValueTrunk = ValueTrunk.OwnAdapter },
            "corrected mismatch" => s_settings with { CorrectsRolloutMismatch = true, ImportanceWeightCap = 1.05 },
            "rloo" => s_settings with { Advantages = AdvantageEstimator.LeaveOneOut },
            "grpo" => s_settings with { Advantages = AdvantageEstimator.GroupRelative },
            _ => s_settings,
        };
        var config = variant == "ppo" ? s_config with { Layers = 2 } : s_config;
        var model = CausalLanguageModel.Create(config, seed: 3);
        Disturb(model.Parameters.Values, 0.4, seed: 4); // large enough for every part to matter
        using var policy = PpoPolicy.Create(model, settings, seed: 5, () => throw new InvalidOperationException());
        Disturb(policy.Parameters(), 0.2, seed: 6);
        var rollouts = Rollouts(policy, isMismatched: settings.CorrectsRolloutMismatch);
        var loop = new Float64Ppo(
            new Float64Transformer(config, model.Parameters.ToDictionary(pair => pair.Key, pair => Numbers(pair.Value))),
            policy.PolicyParameters().Count,
            settings,
            rollouts,
            Beta);

        // What the step begins with.
        var first = Parameters(policy);
        var reading = policy.Read(rollouts);
        var (logprobs, entropies, values) = loop.Read(first);
        var references = loop.Read(null).Logprobs;
        Near(logprobs, reading.PolicyLogprobs);
        Near(references, reading.ReferenceLogprobs);
        Near(values, reading.Values);
        Near(entropies, reading.Entropies);
        var targets = StepTargets.Compute(rollouts, reading, Beta, settings, step: 1);
        var (advantages, returns) = loop.Targets(logprobs, references, values);
        Near(advantages, targets.Advantages);
        if (settings.Advantages == AdvantageEstimator.Generalized)
        {
            Near(returns, targets.Returns);
        }

        // The first update, and one after the policy has moved so far that ratios and values are clipped.
        var update = new PpoUpdate(policy, settings, rollouts, reading, targets, Beta);
        double Objective(double[][] parameters) => loop.Loss(parameters, logprobs, references, values, advantages, returns).Objective;
        foreach (var move in (double[])[0, 0.05])
        {
            Disturb(policy.Parameters(), move, seed: 7, isAdded: true);
            var now = Parameters(policy);
            var figures = update.Backward([.. Enumerable.Range(0, rollouts.Count)]);
            var expected = loop.Loss(now, logprobs, references, values, advantages, returns);
            Assert.Equal(expected.Policy, figures.PolicyLoss, Tolerance);
            Assert.Equal(settings.Advantages == AdvantageEstimator.Generalized ? expected.Value : 0, figures.ValueLoss, Tolerance);
            Assert.Equal(move > 0, figures.ClipFraction is > 0.1 and < 0.9);
            CompareGradients(policy.Parameters(), now, Objective);
        }
    }

    private static void CompareGradients(IReadOnlyList<Parameter> parameters, double[][] at, Func<double[][], double> objective)
    {
        var largest = 0.0;
        foreach (var (place, parameter) in parameters.Index())
        {
            using var gradient = parameter.grad;
            var actual = gradient is null ? new double[at[place].Length] : Numbers(gradient);
            for (var i = 0; i < actual.Length; i++)
            {
                var kept = at[place][i];
                at[place][i] = kept + Difference;
                var above = objective(at);
                at[place][i] = kept - Difference;
                var below = objective(at);
                at[place][i] = kept;
                var expected = (above - below) / (2 * Difference);
                // Beyond 1, of the number itself: float32 has seven digits.
                var allowed = Tolerance * Math.Max(1, Math.Abs(expected));
                Assert.True(Math.Abs(expected - actual[i]) <= allowed, $"parameter {place}, number {i}: expected {expected}, but got {actual[i]}");
                largest = Math.Max(largest, Math.Abs(expected));
            }

            gradient?.zero_();
        }

        Assert.True(largest > 0.01, $"the largest gradient is {largest}: nothing was compared");
    }

    private static List<Rollout> Rollouts(PpoPolicy policy, bool isMismatched)
    {
        var random = new Random(8);
        int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(s_config.VocabularySize))];
        var rollouts = Enumerable.Range(0, 6).Select(i =>
        {
            var promptLength = random.Next(2, 5);
            var example = new EncodedExample(Tokens(promptLength + random.Next(1, 8)), promptLength);
            return new Rollout(example, [], i % 3 != 0, (random.NextDouble() * 4) - 2, $"prompt {i / 3}");
        }).ToList();
        var reading = policy.Read([.. rollouts.Select(rollout => rollout with { Logprobs = new float[rollout.Example.ResponseLength] })]);
        return
        [
            .. rollouts.Select((rollout, i) => rollout with
            {
                Logprobs = [.. reading.PolicyLogprobs[i].Select(logprob => isMismatched ? logprob + (float)(0.2 * (random.NextDouble() - 0.5)) : logprob)],
            }),
        ];
    }

    private static void Disturb(IEnumerable<Parameter> parameters, double deviation, ulong seed, bool isAdded = false)
    {
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator(seed);
        foreach (var parameter in parameters)
        {
            var noise = randn(parameter.shape, generator: generator).Times(deviation); // as the parameter
            parameter.copy_(isAdded || parameter.dim() == 1 ? parameter.Plus(noise) : noise);
        }
    }

    private static double[][] Parameters(PpoPolicy policy) => [.. policy.Parameters().Select(Numbers)];

    private static double[] Numbers(Tensor parameter)
    {
        using var scope = NewDisposeScope();
        return parameter.detach().to(float64).flatten().data<double>().ToArray();
    }

    private static void Near(double[][] expected, float[][] actual)
    {
        Assert.Equal(expected.Select(row => row.Length), actual.Select(row => row.Length));
        Assert.All(
            expected.SelectMany(row => row).Zip(actual.SelectMany(row => row)),
            pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }
}
