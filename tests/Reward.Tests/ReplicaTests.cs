using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.BackingServers;
using Rlhf.Reward.Models;
using Rlhf.V1;

namespace Rlhf.Reward.Tests;

public sealed class ReplicaTests(BackingServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_id_has_one_answer_in_all_replicas()
    {
        await using var first = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        await using var second = await first.StartReplicaAsync(servers.Messaging, servers.Cache);
        await first.PublishAsync("v1", seed: 1);
        var request = Request("latest", Guid.NewGuid().ToString("N"));
        var answer = await first.Client.ScoreBatchAsync(request, cancellationToken: Cancellation);
        await first.PublishAsync("v2", seed: 2);
        await second.Client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation); // "latest" moves on

        var again = await second.Client.ScoreBatchAsync(request, cancellationToken: Cancellation);
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await second.Client.ScoreBatchAsync(new ScoreBatchRequest(request) { IncludeMembers = true }, cancellationToken: Cancellation));

        Assert.Equal(answer, again);
        Assert.Equal("v1", again.Results[0].ModelVersion);
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal($"The request id '{request.RequestId}' belongs to a request with other content; give each its own.", error.Status.Detail);
    }

    [Fact]
    public async Task A_canary_that_goes_back_in_one_replica_goes_back_in_all()
    {
        (string, string)[] settings = [("Versions:CanaryShare", "1"), ("Versions:ProbeSeconds", "1")];
        await using var first = await RunningReward.StartAsync(servers.Messaging, servers.Cache, settings);
        await using var second = await first.StartReplicaAsync(servers.Messaging, servers.Cache, settings);
        var (one, two) = (Registry(first), Registry(second));
        var old = await first.PublishAsync("v1", seed: 1);
        await Task.WhenAll(one.AdoptAsync(old, Cancellation), two.AdoptAsync(old, Cancellation));
        var canary = await first.PublishAsync("v2", seed: 2, poisonedId: 'Z');
        await Task.WhenAll(one.AdoptAsync(canary, Cancellation), two.AdoptAsync(canary, Cancellation));
        Assert.Equal(("v2", "v2"), (one.CanaryVersion, two.CanaryVersion));

        await first.Client.ScoreBatchAsync(Request("latest", "", "a Z in it"), cancellationToken: Cancellation);

        Assert.Null(one.CanaryVersion);
        await WaitForAsync(() => two.CanaryVersion is null);
        Assert.Equal("v1", two.LatestVersion);
        Assert.Contains("Elsewhere", Assert.Single(second.Log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_been_on_trial_in_one_replica_needs_no_trial_in_another()
    {
        await using var first = await RunningReward.StartAsync(
            servers.Messaging, servers.Cache, ("Versions:CanaryShare", "0.5"), ("Versions:CanarySeconds", "1"), ("Versions:ProbeSeconds", "1"));
        await Registry(first).AdoptAsync(await first.PublishAsync("v1", seed: 1), Cancellation);
        await Registry(first).AdoptAsync(await first.PublishAsync("v2", seed: 2), Cancellation);
        await WaitForAsync(() => Registry(first).LatestVersion == "v2");

        await using var second = await first.StartReplicaAsync(servers.Messaging, servers.Cache, ("Versions:CanaryShare", "0.5"));
        Assert.Equal("v2", (await second.Client.ScoreBatchAsync(Request("latest", ""), cancellationToken: Cancellation)).Results[0].ModelVersion);
        Assert.Equal(("v2", null), (Registry(second).LatestVersion, Registry(second).CanaryVersion));
    }

    [Fact]
    public async Task Redis_killed_under_load_costs_no_call()
    {
        await using var redis = await RedisServer.StartAsync(new BackingServerOptions(), Cancellation);
        await using var reward = await RunningReward.StartAsync(servers.Messaging, redis.ConnectionString);
        await reward.PublishAsync("v1", seed: 1);
        var expected = (await reward.Client.ScoreBatchAsync(Request("v1", ""), cancellationToken: Cancellation)).Results[0].Raw;
        using var stop = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 16).Select(async caller =>
        {
            var results = new List<ScoreResult>();
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var request = Request("latest", $"{caller}/{i}", "Hi.", $"{caller} {i}");
                results.Add((await reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation)).Results[0]);
            }
            return results;
        }).ToArray();

        await Task.Delay(300, Cancellation);
        await redis.KillAsync();
        await Task.Delay(1500, Cancellation);
        await stop.CancelAsync();
        var results = (await Task.WhenAll(callers)).SelectMany(results => results).ToArray();

        Assert.True(results.Length > 100, $"only {results.Length} calls");
        Assert.All(results, result => Assert.Equal((null, expected), (result.Error, result.Raw)));
        Assert.Contains(results, result => result.FromCache);
        Assert.Contains(results, result => !result.FromCache);
        Assert.Contains("Redis is gone", Assert.Single(reward.Log.Warnings), StringComparison.Ordinal);
    }

    private static RewardModelRegistry Registry(RunningReward reward) => reward.Services.GetRequiredService<RewardModelRegistry>();

    private static ScoreBatchRequest Request(string version, string requestId, params string[] texts) => new()
    {
        ModelVersion = version,
        RequestId = requestId,
        Items = { (texts.Length == 0 ? ["Hi."] : texts).Select(text => new ScoreItem { Text = new PromptAndResponse { Prompt = "Hello?", Response = text } }) },
    };

    private static async Task WaitForAsync(Func<bool> isTrue)
    {
        for (var waited = 0; !isTrue(); waited += 50)
        {
            Assert.True(waited < 15_000, "it did not come true in 15 s");
            await Task.Delay(50, Cancellation);
        }
    }
}
