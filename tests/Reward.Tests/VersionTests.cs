using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.BackingServers;
using Rlhf.Messaging;
using Rlhf.Reward.Models;
using Rlhf.V1;

namespace Rlhf.Reward.Tests;

public sealed class VersionTests(BackingServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Before_the_first_reward_model_latest_is_a_failed_precondition()
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);

        Assert.Equal(StatusCode.FailedPrecondition, await StatusAsync(reward, ""));
        Assert.Equal(StatusCode.FailedPrecondition, await StatusAsync(reward, "latest"));
        Assert.Equal(StatusCode.FailedPrecondition, await StatusAsync(reward, "canary"));
        Assert.Equal(StatusCode.NotFound, await StatusAsync(reward, "run/reward-model"));
        var info = await reward.Client.InfoAsync(new RewardInfoRequest(), cancellationToken: Cancellation);
        Assert.Equal(("", TinyModels.ContextLength, 4096), (info.LatestVersion, info.ContextLength, info.MaxItemsPerRequest));
        Assert.Empty((await reward.Client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation)).Models);
    }

    [Fact]
    public async Task The_newest_published_model_becomes_the_latest_by_asking_and_by_announcement()
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        await reward.PublishAsync("v1", seed: 1);
        Assert.Equal("v1", (await ScoreAsync(reward, "latest")).ModelVersion); // nobody announced it: the Learner was asked

        var second = await reward.PublishAsync("v2", seed: 2);
        var publisher = reward.Services.GetRequiredService<MessagePublisher>();
        await publisher.PublishAsync(RoutingKeys.RewardModelPublished, "v2", new VersionPublished { Version = second }, Cancellation);
        await WaitForAsync(() => reward.Services.GetRequiredService<RewardModelRegistry>().LatestVersion == "v2");
        Assert.Equal("v2", (await ScoreAsync(reward, "")).ModelVersion);
        Assert.Equal("v1", (await ScoreAsync(reward, "v1")).ModelVersion); // the old one is still there for those who name it

        var models = (await reward.Client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation)).Models;
        Assert.Equal([("v1", "", true), ("v2", "latest", true)],
            models.Select(model => (model.Version.VersionId, string.Join(' ', model.Aliases), model.Loaded)));
    }

    [Fact]
    public async Task A_model_whose_scores_are_not_finite_never_takes_over()
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        await reward.PublishAsync("v1", seed: 1);
        await ScoreAsync(reward, "latest");
        var broken = await reward.PublishAsync("v2", seed: 2, poisonedId: 'H'); // in every conversation

        var registry = reward.Services.GetRequiredService<RewardModelRegistry>();
        var error = await Assert.ThrowsAsync<RpcException>(() => registry.AdoptAsync(broken, Cancellation));

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Equal("v1", registry.LatestVersion);
        Assert.Equal(StatusCode.FailedPrecondition, await StatusAsync(reward, "v2"));
    }

    [Fact]
    public async Task A_process_that_starts_beside_a_broken_newest_version_takes_the_one_before_it()
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        await reward.PublishAsync("v1", seed: 1);
        await reward.PublishAsync("v2", seed: 2, poisonedId: 'H'); // in every conversation

        Assert.Equal("v1", (await ScoreAsync(reward, "latest")).ModelVersion);
        var models = (await reward.Client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation)).Models;
        Assert.Equal([("v1", "latest"), ("v2", "")], models.Select(model => (model.Version.VersionId, string.Join(' ', model.Aliases))));
    }

    [Fact]
    public async Task Where_the_only_version_is_broken_the_latest_says_so_and_it_is_still_listed()
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        await reward.PublishAsync("v1", seed: 2, poisonedId: 'H'); // in every conversation

        var error = await Assert.ThrowsAsync<RpcException>(() => ScoreAsync(reward, "latest"));
        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.StartsWith("Reward model 'v1' can't be used: ", error.Status.Detail, StringComparison.Ordinal);
        Assert.Single((await reward.Client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation)).Models);
    }

    [Fact]
    public async Task A_version_that_is_no_usable_reward_model_is_refused()
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        (await reward.PublishAsync("policy", seed: 1)).Kind = VersionKind.Policy;
        (await reward.PublishAsync("flat", seed: 1)).Normalisation.ScoreStandardDeviation = 0;
        File.Delete(Path.Combine(TinyModels.WriteRewardModel(reward.FolderOf("torn"), seed: 1), "model.safetensors"));
        await reward.Learner.PublishAsync("torn", reward.FolderOf("torn"));

        Assert.Equal(StatusCode.FailedPrecondition, await StatusAsync(reward, "policy"));
        Assert.Equal(StatusCode.FailedPrecondition, await StatusAsync(reward, "flat"));
        Assert.Equal(StatusCode.FailedPrecondition, await StatusAsync(reward, "torn"));
    }

    [Fact]
    public async Task More_versions_than_fit_in_memory_take_turns()
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache, ("Reward:MaxLoadedModels", "2"));
        for (var i = 0; i < 4; i++)
        {
            await reward.PublishAsync($"v{i}", seed: i);
        }
        var first = await ScoreAllAsync(reward);
        var second = await ScoreAllAsync(reward);

        Assert.Equal(4, first.Distinct().Count());
        Assert.Equal(first, second);
        var models = reward.Services.GetRequiredService<LoadedModels>();
        Assert.Equal(2, Enumerable.Range(0, 4).Count(i => models.IsLoaded($"v{i}")));
    }

    [Fact]
    public async Task Without_redis_everything_is_scored_and_it_is_said_once()
    {
        await using var redis = await RedisServer.StartAsync(new BackingServerOptions(), Cancellation);
        await using var reward = await RunningReward.StartAsync(servers.Messaging, redis.ConnectionString);
        await reward.PublishAsync("v1", seed: 1);
        await ScoreAsync(reward, "v1", CachePolicy.Use);
        Assert.True((await ScoreAsync(reward, "v1", CachePolicy.Use)).FromCache);
        var expected = (await ScoreAsync(reward, "v1", CachePolicy.Use)).Raw;

        await redis.KillAsync();
        var started = DateTime.UtcNow;
        for (var i = 0; i < 20; i++)
        {
            var result = await ScoreAsync(reward, "v1", CachePolicy.Use);
            Assert.False(result.FromCache);
            Assert.Equal(expected, result.Raw, 1e-5);
        }

        Assert.True(DateTime.UtcNow - started < TimeSpan.FromSeconds(5), "a request must not wait for a cache that is gone");
        Assert.Contains("Redis is gone", Assert.Single(reward.Log.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    public async Task A_test_sees_no_scores_of_another_under_the_same_name(long seed)
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        await reward.PublishAsync("same", seed);
        Assert.False((await ScoreAsync(reward, "same", CachePolicy.Use)).FromCache);
        Assert.True((await ScoreAsync(reward, "same", CachePolicy.Use)).FromCache);
    }

    private static async Task<double[]> ScoreAllAsync(RunningReward reward) =>
        [.. (await Task.WhenAll(Enumerable.Range(0, 4).Select(i => ScoreAsync(reward, $"v{i}")))).Select(result => result.Raw)];

    private static async Task<ScoreResult> ScoreAsync(RunningReward reward, string version, CachePolicy cache = CachePolicy.Bypass)
    {
        var response = await reward.Client.ScoreBatchAsync(
            new ScoreBatchRequest
            {
                ModelVersion = version,
                Cache = cache,
                Items = { new ScoreItem { Text = new PromptAndResponse { Prompt = "Hello?", Response = "Hi." } } },
            },
            cancellationToken: Cancellation);
        Assert.Null(response.Results[0].Error);
        return response.Results[0];
    }

    private static async Task<StatusCode> StatusAsync(RunningReward reward, string version) =>
        (await Assert.ThrowsAsync<RpcException>(() => ScoreAsync(reward, version))).StatusCode;

    private static async Task WaitForAsync(Func<bool> isTrue)
    {
        for (var waited = 0; !isTrue(); waited += 50)
        {
            Assert.True(waited < 15_000, "it did not come true in 15 s");
            await Task.Delay(50, Cancellation);
        }
    }
}
