using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.LanguageModels;
using Rlhf.Reward.Models;
using Rlhf.V1;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Rlhf.Reward.Tests;

public sealed class CanaryTests(BackingServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_canary_gets_its_share_and_takes_over_when_its_time_is_up()
    {
        await using var reward = await StartAsync(("Versions:CanaryShare", "0.2"), ("Versions:CanarySeconds", "2"), ("Versions:ProbeSeconds", "1"));
        await reward.PublishAsync("v1", seed: 1);
        Assert.Equal("v1", await VersionAsync(reward, "latest"));
        var registry = Registry(reward);
        await registry.AdoptAsync(await reward.PublishAsync("v2", seed: 2), Cancellation);

        Assert.Equal(("v1", "v2"), (registry.LatestVersion, registry.CanaryVersion));
        Assert.Equal("v2", await VersionAsync(reward, "canary"));
        var versions = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            versions.Add(await VersionAsync(reward, ""));
        }
        Assert.Equal(2, versions.Count(version => version == "v2"));
        var models = (await reward.Client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation)).Models;
        Assert.Equal([("v1", "latest"), ("v2", "canary")], models.Select(model => (model.Version.VersionId, string.Join(' ', model.Aliases))));

        await WaitForAsync(() => registry.LatestVersion == "v2");
        Assert.Null(registry.CanaryVersion);
        Assert.Equal("v2", await VersionAsync(reward, "latest"));
    }

    [Fact]
    public async Task A_canary_that_returns_nan_goes_back_and_its_callers_are_answered_by_the_latest()
    {
        using var metrics = new MeasuredMetrics();
        await using var reward = await StartAsync(("Versions:CanaryShare", "1"));
        await reward.PublishAsync("v1", seed: 1);
        await VersionAsync(reward, "latest");
        var registry = Registry(reward);
        await registry.AdoptAsync(await reward.PublishAsync("v2", seed: 2, poisonedId: 'Z'), Cancellation); // in no probe
        Assert.Equal("v2", await VersionAsync(reward, "latest", "fine"));

        var response = await reward.Client.ScoreBatchAsync(Request("latest", "a Z in it", "and none"), cancellationToken: Cancellation);

        Assert.All(response.Results, result => Assert.Equal((null, "v1"), (result.Error, result.ModelVersion))); // one version answers the whole call
        Assert.Equal(("v1", null), (registry.LatestVersion, registry.CanaryVersion));
        Assert.Equal([(1, "reason=not_finite version=v2")], metrics.Of("rlhf.reward.canary.returned"));
        Assert.Contains("ALARM: canary v2 went back, v1 goes on: NotFinite", Assert.Single(reward.Log.Warnings), StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<RpcException>(() => VersionAsync(reward, "canary"));
        Assert.Equal((StatusCode.FailedPrecondition, "No version is on trial as the canary; name a version or 'latest'."), (error.StatusCode, error.Status.Detail));

        await registry.RefreshAsync(Cancellation);
        Assert.Null(registry.CanaryVersion); // it is the newest, and isn't tried again
        Assert.Equal(ServingStatus.NotServing, await HealthAsync(reward, "v2"));
    }

    [Fact]
    public async Task A_canary_that_drifts_on_what_callers_send_goes_back_where_it_is_the_shadow_too()
    {
        using var metrics = new MeasuredMetrics();
        await using var reward = await StartAsync(("Versions:CanaryShare", "0.001"), ("Versions:Shadow", "canary"), ("Versions:MaxProbeDrift", "0.0001"));
        await reward.PublishAsync("v1", seed: 1);
        await VersionAsync(reward, "latest");
        var registry = Registry(reward);
        await registry.AdoptAsync(await reward.PublishAsync("v2", seed: 1, poisonedId: 'Z', poison: 3), Cancellation); // in no probe
        await reward.Client.ScoreBatchAsync(Request("latest", [.. Enumerable.Range(0, 100).Select(i => $"fine {i}")]), cancellationToken: Cancellation);
        await WaitForAsync(() => metrics.Of("rlhf.reward.shadow.difference").Count == 100);
        Assert.Equal("v2", registry.CanaryVersion); // the same without a Z

        await reward.Client.ScoreBatchAsync(Request("latest", [.. Enumerable.Range(0, 64).Select(i => $"Z {i}")]), cancellationToken: Cancellation);
        await WaitForAsync(() => registry.CanaryVersion is null);

        Assert.Equal([(1, "reason=drift version=v2")], metrics.Of("rlhf.reward.canary.returned"));
        Assert.Contains("ALARM: canary v2 went back, v1 goes on: Drift", Assert.Single(reward.Log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_canary_that_drifts_on_the_probe_set_never_gets_a_call()
    {
        using var metrics = new MeasuredMetrics();
        await using var reward = await StartAsync(("Versions:CanaryShare", "0.5"), ("Versions:MaxProbeDrift", "3"));
        await reward.PublishAsync("v1", seed: 1);
        await VersionAsync(reward, "latest");
        var registry = Registry(reward);
        var shifted = await reward.PublishAsync("v2", seed: 1); // the same weights
        shifted.Normalisation.ScoreMean += 8; // standard deviation 2: four away on the normalised scale

        await registry.AdoptAsync(shifted, Cancellation);

        Assert.Equal(("v1", null), (registry.LatestVersion, registry.CanaryVersion));
        Assert.Equal([(1, "reason=drift version=v2")], metrics.Of("rlhf.reward.canary.returned"));
        Assert.Contains("Drift (drift 4, at most 3)", Assert.Single(reward.Log.Warnings), StringComparison.Ordinal);
        Assert.Equal(["v1", "v1"], [await VersionAsync(reward, "latest"), await VersionAsync(reward, "latest")]);
    }

    [Fact]
    public async Task A_canary_whose_probe_scores_change_in_use_goes_back_within_the_window()
    {
        using var metrics = new MeasuredMetrics();
        await using var reward = await StartAsync(("Versions:CanaryShare", "0.5"), ("Versions:ProbeSeconds", "1"), ("Versions:MaxProbeDrift", "3"));
        await reward.PublishAsync("v1", seed: 1);
        await VersionAsync(reward, "latest");
        var registry = Registry(reward);
        var version = await reward.PublishAsync("v2", seed: 1);
        await registry.AdoptAsync(version, Cancellation);
        Assert.Equal("v2", registry.CanaryVersion);

        version.Normalisation.ScoreMean = 100; // the object that the registry holds
        await WaitForAsync(() => registry.CanaryVersion is null);

        Assert.Equal("v1", registry.LatestVersion);
        Assert.Equal([(1, "reason=drift version=v2")], metrics.Of("rlhf.reward.canary.returned"));
    }

    [Fact]
    public async Task An_ensemble_on_trial_is_probed_by_its_members_mean_and_takes_over()
    {
        using var metrics = new MeasuredMetrics();
        await using var reward = await StartAsync(("Versions:CanaryShare", "0.5"), ("Versions:CanarySeconds", "1"), ("Versions:ProbeSeconds", "1"));
        await reward.PublishAsync("v1", seed: 1);
        await VersionAsync(reward, "latest");
        var registry = Registry(reward);
        await registry.AdoptAsync(await reward.PublishAsync("v2", seed: 2, members: 3), Cancellation);
        Assert.Equal("v2", registry.CanaryVersion);

        await WaitForAsync(() => registry.LatestVersion == "v2");

        Assert.Empty(metrics.Of("rlhf.reward.canary.returned"));
        using var lease = await reward.Services.GetRequiredService<LoadedModels>().AcquireAsync("v2", Cancellation);
        using var model = RewardModel.Load(reward.FolderOf("v2"));
        var probes = ProbeSet.Tokens(lease.Model.Tokenizer, lease.Model.ContextLength);
        var expected = model.ScoreByMember(probes).Select(members => ((members.Sum(score => (double)score) / 3) - .5) / 2).ToArray();
        Assert.Equal(8, expected.Length);
        Assert.All(expected.Zip(lease.Model.ProbeScores), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public async Task A_shadow_scores_beside_the_latest_and_no_caller_sees_it()
    {
        using var metrics = new MeasuredMetrics();
        await using var reward = await StartAsync(("Versions:Shadow", "v1"));
        await reward.PublishAsync("v1", seed: 1);
        await reward.PublishAsync("v2", seed: 2);

        var answer = await reward.Client.ScoreBatchAsync(Request("latest", "one", "two"), cancellationToken: Cancellation);

        Assert.All(answer.Results, result => Assert.Equal("v2", result.ModelVersion));
        await WaitForAsync(() => metrics.Of("rlhf.reward.shadow.difference").Count == 2);
        var old = await reward.Client.ScoreBatchAsync(Request("v1", "one", "two"), cancellationToken: Cancellation);
        var differences = metrics.Of("rlhf.reward.shadow.difference");
        Assert.All(differences, difference => Assert.Equal("version=v1", difference.Tags));
        Assert.All(Enumerable.Range(0, 2), i => Assert.Equal(old.Results[i].Normalised - answer.Results[i].Normalised, differences[i].Value, 1e-9));
    }

    [Fact]
    public async Task A_pinned_version_stays_the_latest_whatever_is_published()
    {
        await using var reward = await StartAsync(("Versions:Pinned", "v1"));
        await reward.PublishAsync("v1", seed: 1);
        await Registry(reward).AdoptAsync(await reward.PublishAsync("v2", seed: 2), Cancellation);
        Assert.Equal("v1", await VersionAsync(reward, "latest"));
    }

    [Fact]
    public async Task A_take_over_under_load_fails_no_call_and_each_answer_is_of_one_version()
    {
        await using var reward = await StartAsync(("Versions:CanaryShare", "0.3"), ("Versions:CanarySeconds", "1"), ("Versions:ProbeSeconds", "1"));
        await reward.PublishAsync("v1", seed: 1);
        await VersionAsync(reward, "latest");
        var registry = Registry(reward);
        using var one = RewardModel.Load(reward.FolderOf("v1"));
        using var stop = new CancellationTokenSource();
        var texts = Enumerable.Range(0, 5).Select(i => $"answer {i}").ToArray();

        var callers = Enumerable.Range(0, 8).Select(async _ =>
        {
            var answers = new List<ScoreBatchResponse>();
            while (!stop.IsCancellationRequested)
            {
                answers.Add(await reward.Client.ScoreBatchAsync(Request("latest", texts), cancellationToken: Cancellation));
            }
            return answers;
        }).ToArray();
        await registry.AdoptAsync(await reward.PublishAsync("v2", seed: 2), Cancellation);
        await WaitForAsync(() => registry.LatestVersion == "v2");
        await Task.Delay(100, Cancellation);
        await stop.CancelAsync();
        var all = (await Task.WhenAll(callers)).SelectMany(answers => answers).ToArray();

        using var two = RewardModel.Load(reward.FolderOf("v2"));
        var expected = new Dictionary<string, float[]> { ["v1"] = Scores(one, texts), ["v2"] = Scores(two, texts) };
        Assert.Equal(["v1", "v2"], all.Select(answer => answer.Results[0].ModelVersion).Distinct().Order());
        Assert.All(all, answer =>
        {
            Assert.Equal(texts.Length, answer.Results.Count);
            Assert.Single(answer.Results.Select(result => result.ModelVersion).Distinct());
            Assert.All(answer.Results.Zip(expected[answer.Results[0].ModelVersion]), pair => Assert.Equal(pair.Second, pair.First.Raw, 1e-5));
        });
    }

    [Fact]
    public async Task Each_version_has_an_entry_in_the_health_service()
    {
        await using var reward = await StartAsync();
        await reward.PublishAsync("v1", seed: 1);
        File.Delete(Path.Combine(TinyModels.WriteRewardModel(reward.FolderOf("torn"), seed: 1), "model.safetensors"));
        await reward.Learner.PublishAsync("torn", reward.FolderOf("torn"));
        await reward.PublishAsync("v2", seed: 1);
        await VersionAsync(reward, "latest");
        await Assert.ThrowsAsync<RpcException>(() => VersionAsync(reward, "torn"));

        Assert.Equal(
            [ServingStatus.Serving, ServingStatus.Serving, ServingStatus.Unknown, ServingStatus.NotServing, ServingStatus.Serving],
            [await HealthAsync(reward, ""), await HealthAsync(reward, "v2"), await HealthAsync(reward, "v1"), await HealthAsync(reward, "torn"), await HealthAsync(reward, "latest")]);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => HealthAsync(reward, "v9"))).StatusCode);
    }

    private static RewardModelRegistry Registry(RunningReward reward) => reward.Services.GetRequiredService<RewardModelRegistry>();

    private static async Task<ServingStatus> HealthAsync(RunningReward reward, string service)
    {
        using var channel = GrpcChannel.ForAddress(reward.Address);
        return (await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest { Service = service }, cancellationToken: Cancellation)).Status;
    }

    private static float[] Scores(RewardModel model, string[] texts) =>
        model.Score([.. texts.Select(text => System.Text.Encoding.UTF8.GetBytes($"Hello? {text}").Select(value => (int)value).Append(TinyModels.EosId).ToArray())]);

    private static ScoreBatchRequest Request(string version, params string[] texts) => new()
    {
        ModelVersion = version,
        Cache = CachePolicy.Bypass,
        Items = { texts.Select(text => new ScoreItem { Text = new PromptAndResponse { Prompt = "Hello?", Response = text } }) },
    };

    private static async Task<string> VersionAsync(RunningReward reward, string version, string text = "Hi.") =>
        (await reward.Client.ScoreBatchAsync(Request(version, text), cancellationToken: Cancellation)).Results[0].ModelVersion;

    private static async Task WaitForAsync(Func<bool> isTrue)
    {
        for (var waited = 0; !isTrue(); waited += 50)
        {
            Assert.True(waited < 15_000, "it did not come true in 15 s");
            await Task.Delay(50, Cancellation);
        }
    }

    private Task<RunningReward> StartAsync(params (string Key, string Value)[] settings) =>
        RunningReward.StartAsync(servers.Messaging, servers.Cache, settings);
}
