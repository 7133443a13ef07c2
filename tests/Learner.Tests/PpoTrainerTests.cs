using Rlhf.LanguageModels;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Data;
using Rlhf.Learner.Ppo;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.Learner.Versions;
using Rlhf.V1;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

public sealed class PpoTrainerTests
{
    private const int RewardedToken = 7;
    private static readonly PpoSettings s_settings = new()
    {
        Steps = 12,
        RolloutsPerStep = 64,
        MaxNewTokens = 6,
        LoraRank = 2,
        LearningRate = 2e-2,
        ValueLearningRate = 1e-2,
        KlCoefficient = 0.02,
        UnfinishedPenalty = 1e-6,
    };

    [Fact]
    public void A_rewarded_token_becomes_frequent_and_the_KL_grows_from_zero()
    {
        var model = TinyModels.Create();
        using var policy = PpoPolicy.Create(model, s_settings.LoraRank, s_settings.Temperature, seed: 4);
        var recorder = new Recorder();
        var trainer = new PpoTrainer(policy, s_settings, 4, null, null, Name, (step, _, _) => Sample(model, 64, seed: step));
        var results = trainer.Train(recorder, TestContext.Current.CancellationToken);
        var scores = recorder.Of("score");
        Assert.InRange(scores[0], 0, 0.15); // one token of 16, at random
        Assert.True(scores[^1] > 0.5, $"scores: {string.Join(" ", scores)}");
        Assert.Equal(scores[0], results["score_first"]);
        Assert.Equal(scores[^1], results["score_last"]);
        var kl = recorder.Of("kl");
        Assert.Equal(0, kl[0], 1e-6);
        Assert.True(kl[^1] > 0.1, $"kl: {string.Join(" ", kl)}");
        Assert.Equal(kl[^1], results["kl_final"]);
        Assert.All(recorder.Steps.SelectMany(step => step.Values), figure => Assert.True(double.IsFinite(figure.Value), figure.Key));
        string[] names =
        [
            "score", "score_std", "kl", "kl_k3", "entropy", "ratio_max", "clip_fraction", "explained_variance", "value_loss", "policy_loss",
            "gradient_norm", "response_length", "finished_fraction", "beta", "tokens_per_second", "seconds",
        ];
        Assert.All(names, name => Assert.Contains(name, recorder.Steps[^1].Values.Keys));
    }

    [Fact]
    public void A_resumed_job_does_the_steps_that_are_left_to_the_bit()
    {
        const int CutAfter = 3;
        using var folder = new TemporaryFolder(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")));
        var state = new TrainingState(KeptFor.Job(folder.Path));
        var settings = s_settings with { Steps = 6, Epochs = 2, MinibatchSize = 4, KlTarget = 3, KlHorizon = 100 };
        var undisturbed = new Recorder();
        var model = TinyModels.Create();
        using (var policy = PpoPolicy.Create(model, 2, 1, seed: 4))
        {
            string Publish(long step, double beta, AdamW optimizer)
            {
                state.Save(step, path => policy.Save(path, "base", step, beta), optimizer, new PpoProgress { Removals = [new(2, "p")] });
                return step == CutAfter ? throw new OperationCanceledException() : Name(step, beta, optimizer);
            }

            var trainer = new PpoTrainer(policy, settings, 4, null, null, Publish, (step, _, _) => Sample(model, 16, step));
            Assert.Throws<OperationCanceledException>(() => trainer.Train(new Recorder(), TestContext.Current.CancellationToken));
        }

        model = TinyModels.Create();
        using (var policy = PpoPolicy.Create(model, 2, 1, seed: 4))
        {
            new PpoTrainer(policy, settings, 4, null, null, Name, (step, _, _) => Sample(model, 16, step)).Train(undisturbed, TestContext.Current.CancellationToken);
        }

        var newest = state.Newest();
        Assert.NotNull(newest);
        var checkpoint = PpoCheckpoint.Load(newest.Folder);
        Assert.Equal(CutAfter, checkpoint.Step);
        Assert.Equal([new(2, "p")], TrainingState.ProgressOf(newest).Removals);
        model = TinyModels.Create();
        using (var policy = PpoPolicy.Resume(model, newest.Folder, checkpoint, 1))
        {
            var resumed = new Recorder();
            new PpoTrainer(policy, settings, 4, checkpoint, optimizer => OptimizerMoments.Restore(optimizer, newest.Folder), Name, (step, _, _) => Sample(model, 16, step))
                .Train(resumed, TestContext.Current.CancellationToken);
            Assert.Equal([4, 5, 6], resumed.Steps.Select(step => step.Step));
            foreach (var name in (string[])["score", "kl", "policy_loss", "value_loss", "gradient_norm", "entropy", "beta"])
            {
                Assert.Equal(undisturbed.Of(name)[CutAfter..], resumed.Of(name));
            }
        }
    }

    [Fact]
    public void Moments_of_other_parameters_are_refused()
    {
        using var folder = new TemporaryFolder(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")));
        using var small = optim.AdamW([new Parameter(zeros(2))]);
        using var large = optim.AdamW([new Parameter(zeros(3))]);
        OptimizerMoments.Save(small, folder.Path);
        Assert.Contains("does not fit", Assert.Throws<InvalidDataException>(() => OptimizerMoments.Restore(large, folder.Path)).Message, StringComparison.Ordinal);
        OptimizerMoments.Restore(small, folder.Path);
    }

    [Fact]
    public void A_large_penalty_keeps_the_policy_near_its_baseline()
    {
        double FinalKl(double beta)
        {
            var model = TinyModels.Create();
            using var policy = PpoPolicy.Create(model, s_settings.LoraRank, 1, seed: 4);
            var settings = s_settings with { KlCoefficient = beta, Steps = 8 };
            var trainer = new PpoTrainer(policy, settings, 4, null, null, Name, (step, _, _) => Sample(model, 32, seed: step));
            return trainer.Train(new Recorder(), TestContext.Current.CancellationToken)["kl_final"];
        }

        Assert.True(FinalKl(2) < FinalKl(0.02) / 2);
    }

    [Theory]
    [InlineData(AdvantageEstimator.LeaveOneOut)]
    [InlineData(AdvantageEstimator.GroupRelative)]
    public void Other_responses_serve_as_well_as_a_value_function(AdvantageEstimator advantages)
    {
        var model = TinyModels.Create();
        using var policy = PpoPolicy.Create(model, s_settings.LoraRank, s_settings.Temperature, seed: 4);
        var recorder = new Recorder();
        var trainer = new PpoTrainer(
            policy, s_settings with { Advantages = advantages }, 4, null, null, Name, (step, _, _) => Sample(model, 64, seed: step));
        trainer.Train(recorder, TestContext.Current.CancellationToken);
        var scores = recorder.Of("score");
        Assert.True(scores[^1] > 2 * scores[0], $"from {scores[0]} to {scores[^1]}");
        Assert.True(recorder.Of("kl")[^1] > 0.1);
        using var values = policy.ValueHead.Weight.abs().sum();
        Assert.Equal(0, values.item<float>());
    }

    [Fact]
    public void A_group_relative_step_equals_an_independent_loop()
    {
        var examples = TinyModels.RandomExamples(4, 8);
        var logprobs = examples.Select(example => Enumerable.Range(0, example.ResponseLength).Select(t => -1f - (0.1f * t)).ToArray()).ToArray();
        var references = logprobs.Select(row => row.Select(logprob => logprob - 0.5f).ToArray()).ToArray();
        var zeros = logprobs.Select(row => new float[row.Length]).ToArray();
        double[] scores = [1, 3, 2, -1];
        var rollouts = examples.Select((example, i) => new Rollout(example, logprobs[i], true, scores[i], i < 3 ? "p" : "alone")).ToArray();
        StepTargets Targets(AdvantageEstimator advantages) => StepTargets.Compute(
            rollouts, new PolicyReading(logprobs, references, zeros, zeros), beta: 0.3, new PpoSettings { Advantages = advantages }, step: 1);

        var relative = Targets(AdvantageEstimator.GroupRelative).Advantages;
        // Mean 2 and deviation 1 of the first three; the fourth is alone.
        Assert.Equal([-1 / 1.0001, 1 / 1.0001, 0, 0], relative.Select(row => (double)row[0]), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.All(relative, row => Assert.All(row, advantage => Assert.Equal(row[0], advantage)));

        double[] rewards = [.. scores.Select((score, i) => score - (0.3 * 0.5 * logprobs[i].Length))];
        var leftOut = Targets(AdvantageEstimator.LeaveOneOut).Advantages;
        Assert.Equal(rewards[0] - ((rewards[1] + rewards[2]) / 2), leftOut[0][0], 1e-5);
        Assert.Equal(0, leftOut[3][0]);
    }

    [Fact]
    public void Generator_and_learner_that_disagree_stop_the_job()
    {
        var model = TinyModels.Create();
        using var policy = PpoPolicy.Create(model, 1, 1, seed: 4);
        var trainer = new PpoTrainer(policy, s_settings, 4, null, null, Name, (step, _, _) =>
            [.. Sample(model, 8, step).Select((rollout, i) => i == 3 ? rollout with { Logprobs = [.. rollout.Logprobs.Select(l => l - 0.01f)] } : rollout)]);
        var error = Assert.Throws<TrainingException>(() => trainer.Train(new Recorder(), TestContext.Current.CancellationToken));
        Assert.Contains("policyLogprobs (learner) and rolloutLogprobs (generator) of the same tokens disagree", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_of_a_padded_batch_equals_its_rows_one_by_one()
    {
        var model = TinyModels.Create();
        using var policy = PpoPolicy.Create(model, 2, temperature: 0.7, seed: 4);
        using (no_grad())
        {
            // An adapter that does something, and values that are not all zero.
            foreach (var parameter in policy.Parameters())
            {
                nn.init.normal_(parameter, 0, 0.1);
            }
        }

        var rollouts = TinyModels.RandomExamples(9, 3)
            .Select(example => new Rollout(example, new float[example.ResponseLength], true, 0, "")).ToArray();
        var together = policy.Read(rollouts);
        for (var i = 0; i < rollouts.Length; i++)
        {
            var alone = policy.Read([rollouts[i]]);
            Near(alone.PolicyLogprobs[0], together.PolicyLogprobs[i]);
            Near(alone.ReferenceLogprobs[0], together.ReferenceLogprobs[i]);
            Near(alone.Values[0], together.Values[i]);
            Near(alone.Entropies[0], together.Entropies[i]);
        }

        Assert.NotEqual(together.PolicyLogprobs[0][0], together.ReferenceLogprobs[0][0]);
    }

    [Fact]
    public void Targets_equal_an_independent_loop()
    {
        var examples = TinyModels.RandomExamples(3, 8);
        var random = new Random(2);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];
        float[][] Rows() => [.. examples.Select(example => Numbers(example.ResponseLength))];
        var policyLogprobs = Rows();
        var reading = new PolicyReading(policyLogprobs, Rows(), Rows(), Rows());
        double[] scores = [2, -30, 0.5]; // the second is clipped to -10
        bool[] isFinished = [true, true, false];
        var rollouts = examples.Select((example, i) => new Rollout(example, policyLogprobs[i], isFinished[i], scores[i], "")).ToArray();
        var settings = new PpoSettings { UnfinishedPenalty = 0.75, AdvantageLambda = 0.9 };
        var targets = StepTargets.Compute(rollouts, reading, beta: 0.3, settings, step: 1);

        double[] penalised = [2, -10, 0.5 - 0.75];
        var kl = 0.0;
        for (var i = 0; i < 3; i++)
        {
            var length = examples[i].ResponseLength;
            var advantages = new double[length + 1];
            for (var t = length - 1; t >= 0; t--)
            {
                var logRatio = (double)policyLogprobs[i][t] - reading.ReferenceLogprobs[i][t];
                kl += logRatio / 3;
                var reward = (-0.3 * logRatio) + (t == length - 1 ? penalised[i] : 0);
                var nextValue = t == length - 1 ? 0 : reading.Values[i][t + 1];
                advantages[t] = reward + nextValue - reading.Values[i][t] + (0.9 * advantages[t + 1]);
                Assert.Equal(advantages[t] + reading.Values[i][t], targets.Returns[i][t], 1e-5);
            }
        }

        Assert.Equal(kl, targets.KlPerSequence, 1e-5);
        var whitened = targets.Advantages.SelectMany(row => row).ToArray();
        Assert.Equal(0, whitened.Average(), 1e-5);
        Assert.Equal(whitened.Length - 1, whitened.Sum(a => (double)a * a), 1e-3);
    }

    [Fact]
    public void A_step_leaves_no_tensor()
    {
        var model = TinyModels.Create();
        using var policy = PpoPolicy.Create(model, 1, 1, seed: 4);
        var live = new List<long>();
        var trainer = new PpoTrainer(
            policy,
            s_settings with { Steps = 4 },
            4,
            null,
            null,
            (step, beta, optimizer) =>
            {
                live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
                return Name(step, beta, optimizer);
            },
            (step, _, _) => Sample(model, 8, step));
        trainer.Train(new Recorder(), TestContext.Current.CancellationToken);
        Assert.Equal(5, live.Count);
        Assert.Equal(live[1], live[^1]);
    }

    private static string Name(long step, double beta, AdamW optimizer) => $"policy/{step}";

    private static void Near(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    /// <summary>Samples token by token without a cache; the score is the share of rewarded tokens.</summary>
    private static List<Rollout> Sample(CausalLanguageModel model, int count, long seed)
    {
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        var random = new Random((int)seed);
        var rollouts = new List<Rollout>();
        var ids = tensor(Enumerable.Range(0, count * 3).Select(_ => (long)random.Next(1, TinyModels.Vocabulary)).ToArray(), count, 3); // [B, 3]
        var logprobs = new List<float[]>();
        for (var t = 0; t < s_settings.MaxNewTokens; t++)
        {
            var distribution = nn.functional.log_softmax(model.Logits(model.Hidden(ids)[.., -1]), -1); // [B, V]
            var drawn = multinomial(distribution.exp(), 1, generator: generator); // [B, 1]
            logprobs.Add(distribution.gather(1, drawn).flatten().data<float>().ToArray());
            ids = cat([ids, drawn], 1); // [B, 3 + t]
        }

        for (var row = 0; row < count; row++)
        {
            var tokens = ids[row].data<long>().Select(id => (int)id).ToArray();
            var end = Array.IndexOf(tokens, TinyModels.Eos, 3);
            var length = end < 0 ? tokens.Length : end + 1;
            var score = tokens[3..length].Count(token => token == RewardedToken) / (double)s_settings.MaxNewTokens;
            rollouts.Add(new Rollout(
                new EncodedExample(tokens[..length], 3), [.. Enumerable.Range(0, length - 3).Select(t => logprobs[t][row])], end >= 0, score, $"prompt {row / 4}"));
        }

        return rollouts;
    }
}
