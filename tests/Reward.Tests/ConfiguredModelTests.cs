using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Rlhf.LanguageModels;
using Rlhf.Reward.Models;
using Rlhf.ServiceDefaults;
using Rlhf.V1;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Rlhf.Reward.Tests;

public sealed class ConfiguredModelTests(BackingServersFixture servers) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rlhf-elsewhere-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_classifier_of_one_label_from_elsewhere_scores_from_its_folder()
    {
        TinyModels.WriteRewardModel(_folder, seed: 5);
        // One label said in the other way, and entries that we never write.
        Edit(config =>
        {
            config.Remove("id2label");
            config.Remove("label2id");
            config["num_labels"] = 1;
            config["problem_type"] = "regression";
            config["pad_token_id"] = TinyModels.EosId;
        });
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache, ("Reward:Models:theirs", _folder));
        Assert.Equal(ServingStatus.Unknown, await HealthAsync(reward));
        var first = await ScoreAsync(reward);
        Assert.Equal(ServingStatus.Serving, await HealthAsync(reward));

        using (var model = RewardModel.Load(_folder))
        {
            Assert.Equal(model.Score([[.. "Hello? Hi."u8.ToArray(), TinyModels.EosId]])[0], first.Raw, 1e-5);
        }

        Assert.Equal((first.Raw, "theirs"), (first.Normalised, first.ModelVersion));
        Assert.Equal(1000 + (400 / Math.Log(10) * first.Raw), first.Rating, 1e-3);
        Assert.True((await ScoreAsync(reward)).FromCache);
        var listed = Assert.Single((await reward.Client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation)).Models);
        Assert.Equal(("theirs", true), (listed.Version.VersionId, listed.Loaded));
        // It never becomes the latest by itself.
        var error = await Assert.ThrowsAsync<RpcException>(() => ScoreAsync(reward, "latest"));
        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
    }

    [Fact]
    public async Task A_folder_of_a_model_that_pools_is_scored_over_its_last_tokens()
    {
        TinyModels.WriteRewardModel(_folder, seed: 5);
        int[] tokens = [.. "Hello? Hi."u8.ToArray(), TinyModels.EosId];
        using var unpooled = RewardModel.Load(_folder);
        Edit(config => config["reward_pooled_tokens"] = 4);
        using var pooled = RewardModel.Load(_folder);
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache, ("Reward:Models:theirs", _folder));

        var score = await ScoreAsync(reward);
        Assert.Equal(pooled.Score([tokens])[0], score.Raw, 1e-5);
        Assert.NotEqual(unpooled.Score([tokens])[0], score.Raw, 1e-3);
    }

    [Fact]
    public async Task A_pinned_folder_is_the_latest_also_without_a_Learner_and_whatever_is_published()
    {
        TinyModels.WriteRewardModel(_folder, seed: 5);
        (string, string)[] settings = [("Reward:Models:theirs", _folder), ("Versions:Pinned", "theirs"), ("Versions:CanaryShare", "0.5")];
        await using (var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache, settings))
        {
            await reward.PublishAsync("v1", seed: 1);
            var listed = (await reward.Client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation)).Models;
            Assert.Equal([("v1", ""), ("theirs", "latest")], listed.Select(model => (model.Version.VersionId, string.Join(' ', model.Aliases))));
            Assert.Equal("theirs", (await ScoreAsync(reward, "latest")).ModelVersion);
        }
        await using var alone = await RunningReward.StartAsync(servers.Messaging, servers.Cache, [.. settings, ("services:learner:grpc:0", "http://127.0.0.1:1")]);
        Assert.Equal("theirs", (await ScoreAsync(alone, "")).ModelVersion);
    }

    [Fact]
    public async Task Scores_of_a_folder_that_has_changed_are_computed_anew()
    {
        TinyModels.WriteRewardModel(_folder, seed: 5);
        double before;
        await using (var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache, ("Reward:Models:changing", _folder)))
        {
            before = (await ScoreAsync(reward, "changing")).Raw;
        }

        TinyModels.WriteRewardModel(_folder, seed: 6);
        await using var restarted = await RunningReward.StartAsync(servers.Messaging, servers.Cache, ("Reward:Models:changing", _folder));
        var after = await ScoreAsync(restarted, "changing");
        Assert.False(after.FromCache);
        Assert.NotEqual(before, after.Raw);
    }

    [Fact]
    public async Task A_classifier_of_several_labels_is_refused_by_name()
    {
        TinyModels.WriteRewardModel(_folder, seed: 5, members: 2);
        Edit(config => config.Remove("reward_members"));
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache, ("Reward:Models:two", _folder));

        var error = await Assert.ThrowsAsync<RpcException>(() => ScoreAsync(reward, "two"));
        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Contains("2 labels", error.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("latest", "config.json")]
    [InlineData("gone", "nowhere")]
    public void A_taken_name_or_a_missing_folder_stops_the_start(string name, string folder)
    {
        TinyModels.WriteBase(_folder);
        var options = new RewardOptions { Models = new Dictionary<string, string> { [name] = folder == "nowhere" ? Path.Combine(_folder, folder) : _folder } };
        Assert.Contains(name, Assert.Throws<StartupException>(() => new ConfiguredModels(options)).Message, StringComparison.Ordinal);
    }

    private static async Task<ServingStatus> HealthAsync(RunningReward reward)
    {
        using var channel = GrpcChannel.ForAddress(reward.Address);
        return (await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest { Service = "theirs" }, cancellationToken: Cancellation)).Status;
    }

    private void Edit(Action<JsonObject> change)
    {
        var path = Path.Combine(_folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))?.AsObject() ?? throw new InvalidOperationException($"{path} is empty.");
        change(config);
        File.WriteAllText(path, config.ToJsonString());
    }

    private static async Task<ScoreResult> ScoreAsync(RunningReward reward, string version = "theirs")
    {
        var request = new ScoreBatchRequest
        {
            ModelVersion = version,
            Items = { new ScoreItem { Text = new PromptAndResponse { Prompt = "Hello?", Response = "Hi." } } },
        };
        var response = await reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation);
        Assert.Null(response.Results[0].Error);
        return response.Results[0];
    }
}
