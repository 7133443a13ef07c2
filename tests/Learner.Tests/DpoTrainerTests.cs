using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Data;
using Rlhf.Learner.Dpo;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.V1;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

public sealed class DpoTrainerTests
{
    private const int PreferredToken = 7;
    private static readonly DpoSettings s_settings = new() { Epochs = 3, BatchSize = 8, LearningRate = 2e-2, LoraRank = 2 };

    [Theory]
    [InlineData(DirectPreferenceLoss.Logistic, false)]
    [InlineData(DirectPreferenceLoss.Identity, false)]
    [InlineData(DirectPreferenceLoss.Logistic, true)]
    public void Preferred_responses_become_likelier_than_the_others_also_on_unseen_pairs(DirectPreferenceLoss loss, bool isWhole)
    {
        using var policy = isWhole
            ? TrainablePolicy.Whole(TinyModels.Create(), baseline: null)
            : TrainablePolicy.WithNewAdapter(TinyModels.Create(), s_settings.LoraRank, seed: 3);
        var settings = s_settings with { Loss = loss, FullFineTuning = isWhole, LearningRate = isWhole ? 2e-3 : 2e-2 };
        var recorder = new Recorder();
        var results = new DpoTrainer(policy, Pairs(96), settings, seed: 5).Train(recorder, TestContext.Current.CancellationToken);
        // The policy is its baseline at first: no reward, and a loss that is known.
        Assert.Equal(loss == DirectPreferenceLoss.Logistic ? Math.Log(2) : 25, recorder.Of("loss")[0], 1e-5);
        Assert.Equal(0, recorder.Of("chosen_reward")[0], 1e-5);
        Assert.True(results["loss_last"] < results["loss_first"], $"from {results["loss_first"]} to {results["loss_last"]}");
        Assert.True(results["preference_accuracy"] > 0.8, $"accuracy {results["preference_accuracy"]}");
        Assert.True(results["reward_margin"] > 0.05, $"margin {results["reward_margin"]}");
        Assert.Equal(24, results["pairs_held_out"]);
        Assert.Equal(isWhole, results["trainable_parameter_share"] == 1);
    }

    [Fact]
    public void A_batch_has_the_loss_and_gradients_of_its_pairs_one_by_one()
    {
        using var policy = TrainablePolicy.WithNewAdapter(TinyModels.Create(), 2, seed: 3);
        Disturb(policy);
        var pairs = Pairs(6).Select(pair => pair with { IsHeldOut = false, PreferenceA = 0.8 }).ToArray();
        var trainer = new DpoTrainer(policy, pairs, s_settings with { LabelSmoothing = 0.1 }, seed: 5);
        var references = trainer.References(pairs);
        var together = trainer.Backward([0, 1, 2, 3, 4, 5], references, out var statistics);
        Assert.Equal(6, statistics?.Pairs);
        var gradients = Gradients(policy);
        var total = 0.0;
        for (var i = 0; i < 6; i++)
        {
            var pair = i;
            total += trainer.Backward([pair], references, out _) / 6;
        }

        Assert.Equal(total, together, 1e-5);
        Assert.All(gradients.Zip(Gradients(policy)), both => Assert.Equal(both.Second / 6, both.First, 1e-5));
        Assert.Contains(gradients, gradient => Math.Abs(gradient) > 1e-4);
    }

    [Fact]
    public void References_are_the_baselines_whatever_the_adapter_has_become()
    {
        using var policy = TrainablePolicy.WithNewAdapter(TinyModels.Create(), 2, seed: 3);
        var pairs = Pairs(4);
        var trainer = new DpoTrainer(policy, pairs, s_settings, seed: 5);
        var before = trainer.References(pairs);
        Disturb(policy);
        Assert.Equal(before, trainer.References(pairs));
        // One pair alone, in another padding.
        Assert.Equal(before[2].B, trainer.References([pairs[2]])[0].B, 1e-5);
    }

    [Fact]
    public void Updates_before_a_cut_are_reported_again_with_all_their_figures()
    {
        const int CutAfter = 4;
        var root = Directory.CreateTempSubdirectory("dpo-tests-").FullName;
        try
        {
            (Recorder Recorder, IReadOnlyDictionary<string, double>? Results) Train(FitCheckpoints? checkpoints, int cutAfter)
            {
                using var policy = TrainablePolicy.WithNewAdapter(TinyModels.Create(), 2, seed: 3);
                using var cancellation = new CancellationTokenSource();
                var recorder = new Recorder { AfterStep = step => (step == cutAfter ? cancellation : null)?.Cancel() };
                try
                {
                    return (recorder, new DpoTrainer(policy, Pairs(32), s_settings, seed: 5).Train(recorder, cancellation.Token, checkpoints));
                }
                catch (OperationCanceledException)
                {
                    return (recorder, null);
                }
            }

            var (undisturbed, results) = Train(null, int.MaxValue);
            Assert.Null(Train(KeptFor.Job(root).Fit("dpo"), CutAfter).Results);
            var (resumed, resumedResults) = Train(KeptFor.Job(root).Fit("dpo"), int.MaxValue);
            Assert.Equal(results, resumedResults);
            Assert.Equal(undisturbed.Steps.Select(step => step.Values), resumed.Steps.Select(step => step.Values));
            Assert.Equal(9, resumed.Of("reward_accuracy").Length);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void Pairs_that_are_all_held_out_are_refused()
    {
        using var policy = TrainablePolicy.WithNewAdapter(TinyModels.Create(), 1, seed: 3);
        var trainer = new DpoTrainer(policy, [.. Pairs(4).Select(pair => pair with { IsHeldOut = true })], s_settings, seed: 5);
        Assert.Throws<ArgumentException>(() => trainer.Train(new Recorder(), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void No_tensor_is_left()
    {
        using var policy = TrainablePolicy.WithNewAdapter(TinyModels.Create(), 1, seed: 3);
        var pairs = Pairs(8);
        var trainer = new DpoTrainer(policy, pairs, s_settings with { Epochs = 1 }, seed: 5);
        trainer.Train(new Recorder(), TestContext.Current.CancellationToken); // makes the gradients
        DisposeScopeManager.Statistics.Reset();
        trainer.Train(new Recorder(), TestContext.Current.CancellationToken);
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    /// <summary>Pairs to random prompts, in which the preferred response has the preferred token at random places; a quarter is held out.</summary>
    private static List<EncodedPair> Pairs(int count)
    {
        var random = new Random(11);
        return
        [
            .. Enumerable.Range(0, count).Select(i =>
            {
                int[] prompt = [.. TinyModels.Tokens(random, random.Next(2, 6))];
                EncodedExample Response(bool isPreferred)
                {
                    int[] ids = [.. prompt, .. TinyModels.Tokens(random, random.Next(2, 9))];
                    for (var position = prompt.Length; position < ids.Length; position++)
                    {
                        var isMarked = isPreferred && random.Next(2) == 0;
                        ids[position] = isMarked ? PreferredToken : ids[position] == PreferredToken ? 1 : ids[position];
                    }

                    ids[^1] = isPreferred ? PreferredToken : 1;
                    return new EncodedExample(ids, prompt.Length);
                }

                var isA = i % 3 != 0;
                return new EncodedPair(Response(isA), Response(!isA), isA ? 1 : 0, i % 4 == 0);
            }),
        ];
    }

    private static void Disturb(TrainablePolicy policy)
    {
        using var noGradients = no_grad();
        foreach (var parameter in policy.Parameters())
        {
            nn.init.normal_(parameter, 0, 0.1);
        }
    }

    private static float[] Gradients(TrainablePolicy policy)
    {
        var gradients = new List<float>();
        foreach (var parameter in policy.Parameters())
        {
            using var gradient = parameter.grad;
            Assert.NotNull(gradient);
            gradients.AddRange(gradient.data<float>());
            gradient.zero_();
        }

        return [.. gradients];
    }
}
