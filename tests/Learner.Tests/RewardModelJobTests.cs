using Grpc.Core;
using Rlhf.LanguageModels;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Learner.Tests;

public sealed class RewardModelJobTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("learner-tests-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task A_reward_model_is_published_with_its_normalisation()
    {
        await using var host = await LearnerHost.StartAsync(_data);
        var specification = new JobSpecification
        {
            JobId = "job-2",
            RunId = "run",
            Seed = 1,
            PublishedVersion = "run/reward/v1",
            RewardModel = new RewardModelOptions { Epochs = 1 },
        };
        var data = new JobData();
        for (var i = 0; i < 24; i++)
        {
            var (good, bad) = ($"The {i} cats were happy.", $"The {i} dogs fell down.");
            var prompt = new Prompt { Text = "Once upon a time" };
            data.Preferences.Add(new PreferenceExample { Prompt = prompt, ResponseA = good, ResponseB = bad, PreferenceA = 0.9, HeldOut = i >= 16, Source = "cats" });
            data.Ratings.Add(new RatedExample { Prompt = prompt, Response = good, Rating = 1100, HeldOut = i >= 16 });
            data.Ratings.Add(new RatedExample { Prompt = prompt, Response = bad, Rating = 900, HeldOut = i >= 16 });
        }

        await host.StartJobAsync(specification, data);
        var job = await host.WatchAsync("job-2");
        Assert.Equal((JobState.Succeeded, ""), (job.State, job.Error));
        string[] accuracies = ["pairwise_accuracy", "regression_pairwise_accuracy", "pairwise_loss_pairwise_accuracy", "clear_pairwise_accuracy"];
        string[] others = ["pairwise_accuracy_low", "pairwise_accuracy_high", "pairwise_accuracy/cats", "ece", "ece/cats", "margin_mean", "margins/0..0.5", "spread"];
        Assert.Subset(job.Results.Keys.ToHashSet(), accuracies.Concat(others).ToHashSet());
        Assert.Equal((8, 8, 1), (job.Results["pairs_decided"], job.Results["pairs_decided/cats"], job.Results["members"]));
        Assert.Equal(job.Results["regression_pairwise_accuracy"], job.Results["pairwise_accuracy"]);
        var version = Assert.Single(host.Published).Version;
        Assert.Equal(VersionKind.RewardModel, version.Kind);
        Assert.Equal(1000, version.Normalisation.RatingMean, 1e-9);
        Assert.Equal(100, version.Normalisation.RatingStandardDeviation, 1e-9);
        using var model = RewardModel.Load(await host.DownloadAsync(version));
        var tokenizer = TextTokenizer.Load(Testing.Fixtures.Path("models/stories260K/hf"));
        int[] Tokens(string response) => [.. tokenizer.Encode("Once upon a time"), .. tokenizer.EncodeContinuation(response), tokenizer.EosId];
        var scores = model.Score([.. data.Ratings.Select(rating => Tokens(rating.Response))]);
        Assert.Equal(version.Normalisation.ScoreMean, scores.Average(), 1e-4);
    }

    [Fact]
    public async Task Each_sources_head_is_published_with_its_figures_and_ppo_can_name_it()
    {
        await using var host = await LearnerHost.StartAsync(_data);
        var data = new JobData();
        for (var i = 0; i < 8; i++)
        {
            var (good, bad) = ($"The {i} cats were happy.", $"The {i} dogs fell down.");
            var prompt = new Prompt { Text = "Once upon a time" };
            data.Preferences.Add(new PreferenceExample { Prompt = prompt, ResponseA = good, ResponseB = bad, PreferenceA = 0.9, Source = "helpful" });
            data.Preferences.Add(new PreferenceExample { Prompt = prompt, ResponseA = good, ResponseB = bad, PreferenceA = 0.1, Source = "harmless" });
        }

        var specification = new JobSpecification { JobId = "job-3", RunId = "run", Seed = 1, PublishedVersion = "run/reward/v2", RewardModel = new RewardModelOptions { Epochs = 1, Loss = RewardLoss.Pairwise, HeadPerSource = true, PooledTokens = 4 } };
        await host.StartJobAsync(specification, data);
        var job = await host.WatchAsync("job-3");
        Assert.Equal((JobState.Succeeded, ""), (job.State, job.Error));
        var normalisation = Assert.Single(host.Published).Version.Normalisation;
        Assert.Equal(["harmless", "helpful"], normalisation.Heads.Select(head => head.Name));
        using var model = RewardModel.Load(await host.DownloadAsync(host.Published.First().Version));
        Assert.Equal(4, model.PooledTokens);
        var tokenizer = TextTokenizer.Load(Testing.Fixtures.Path("models/stories260K/hf"));
        int[] Tokens(string response) => [.. tokenizer.Encode("Once upon a time"), .. tokenizer.EncodeContinuation(response), tokenizer.EosId];
        var outputs = model.ScoreByMember([.. data.Preferences.SelectMany(pair => new[] { Tokens(pair.ResponseA), Tokens(pair.ResponseB) })]);
        foreach (var (place, head) in normalisation.Heads.Index())
        {
            var mean = outputs.Average(output => (double)output[place]);
            var deviation = Math.Sqrt(outputs.Average(output => (output[place] - mean) * (output[place] - mean)));
            Assert.Equal(mean, head.Normalisation.ScoreMean, 1e-4);
            Assert.Equal(deviation, head.Normalisation.ScoreStandardDeviation, 1e-4);
            // A score is a log odds, and the average response is rated 1000.
            Assert.Equal(1000, head.Normalisation.RatingMean + (head.Normalisation.RatingStandardDeviation * head.Normalisation.ScoreMean), 1e-6);
        }
        Assert.Equal(0, normalisation.ScoreMean, 1e-6);

        var ppo = new JobSpecification { JobId = "job-4", RunId = "run", PublishedVersion = "run/ppo/v1", Ppo = new PpoOptions { RewardModelVersion = "run/reward/v2", RewardHead = "honest" } };
        var error = await Assert.ThrowsAsync<RpcException>(() => host.StartJobAsync(ppo, new JobData { Prompts = { new PromptExample { PromptId = "p", Prompt = new Prompt { Text = "Once" } } } }));
        Assert.Equal((StatusCode.InvalidArgument, "Reward model 'run/reward/v2' has no head 'honest'; it has: harmless, helpful."), (error.StatusCode, error.Status.Detail));
    }
}
