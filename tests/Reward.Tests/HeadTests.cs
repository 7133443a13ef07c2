using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.LanguageModels;
using Rlhf.Reward.Models;
using Rlhf.V1;

namespace Rlhf.Reward.Tests;

/// <summary>Models with a head for each source of their data.</summary>
public sealed class HeadTests(BackingServersFixture servers) : IAsyncLifetime
{
    private const string Prompt = "\n\nHuman: Hello?\n\nAssistant:";
    private static readonly string[] s_names = ["harmless", "helpful"];

    private RunningReward? _reward;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RunningReward Reward => _reward ?? throw new InvalidOperationException("The service is not running.");

    public async ValueTask InitializeAsync() => _reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache, ("Versions:CanaryShare", "1"));

    public ValueTask DisposeAsync() => Reward.DisposeAsync();

    [Fact]
    public async Task The_score_is_the_mean_of_the_standardised_heads_and_each_head_can_be_named()
    {
        var version = await PublishAsync(seed: 3);
        var (harmless, helpful) = OutputsOf(version, "Hi.");
        // (output - mean) / standard deviation of each head, as Figures has them.
        var (first, second) = ((harmless - 1) / 4, (helpful + 1) / .5);
        var together = (first + second) / 2;

        var all = await ScoreAsync(version, "Hi.", "", includeMembers: true);
        AssertScore(all, together, (together - .5) / 2, 1000 + (150 * together), Math.Abs(first - second) / 2);
        Assert.Equal(harmless, all.Members[0], 1e-5); // as the heads gave them
        Assert.Equal(helpful, all.Members[1], 1e-5);
        AssertScore(await ScoreAsync(version, "Hi.", "harmless"), harmless, first, 900 + (100 * harmless), spread: 0);
        AssertScore(await ScoreAsync(version, "Hi.", "helpful"), helpful, second, 1200 + (50 * helpful), spread: 0);
        Assert.NotEqual(first, second, 1e-3);
    }

    [Fact]
    public async Task An_item_asked_for_with_two_heads_is_computed_once_and_never_mixed()
    {
        var version = await PublishAsync(seed: 4);
        var (harmless, helpful) = OutputsOf(version, "Hi.");
        var together = (((harmless - 1) / 4) + ((helpful + 1) / .5)) / 2;

        var first = await ScoreAsync(version, "Hi.", "helpful");
        Assert.Equal((false, helpful), (first.FromCache, first.Raw), RawComparer);
        foreach (var (head, raw) in new[] { ("harmless", harmless), ("", together), ("helpful", helpful), ("harmless", harmless) })
        {
            var again = await ScoreAsync(version, "Hi.", head);
            Assert.Equal((true, raw), (again.FromCache, again.Raw), RawComparer);
        }
        // Nor is the answer of a request id another head's.
        var request = Request(version, "Hi.", "helpful");
        request.RequestId = $"{Guid.NewGuid():N}";
        await Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation);
        request.Head = "harmless";
        var error = await Assert.ThrowsAsync<RpcException>(() => Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    [Fact]
    public async Task A_head_that_is_not_there_is_an_invalid_argument_that_names_those_that_are()
    {
        var version = await PublishAsync(seed: 5);
        var ensemble = await Reward.PublishAsync(NewId(), seed: 5, members: 2);
        var old = await Reward.PublishHeadsAsync(NewId(), seed: 5, s_names); // from before there were figures of the heads

        await AssertRefusedAsync(version, "honest", $"Version '{version.VersionId}' has no head 'honest'; it has: harmless, helpful.");
        await AssertRefusedAsync(ensemble, "LABEL_0", $"Version '{ensemble.VersionId}' has no heads to name; leave out 'head', or name a version that has.");
        await AssertRefusedAsync(old, "helpful", $"Version '{old.VersionId}' has no heads to name; leave out 'head', or name a version that has.");
        var (harmless, helpful) = OutputsOf(old, "Hi.");
        var mean = (harmless + helpful) / 2;
        AssertScore(await ScoreAsync(old, "Hi.", ""), mean, (mean - .5) / 2, 1000 + (150 * mean), Math.Abs(harmless - helpful) / 2);
    }

    [Fact]
    public async Task The_heads_are_listed_with_their_figures()
    {
        var version = await PublishAsync(seed: 6);
        var listed = (await Reward.Client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation)).Models;
        Assert.Equal(Figures(), Assert.Single(listed).Version.Normalisation.Heads);
        Assert.Equal(version.VersionId, listed[0].Version.VersionId);
        Assert.Equal(s_names, (await Reward.Client.InfoAsync(new RewardInfoRequest(), cancellationToken: Cancellation)).Heads);
    }

    [Fact]
    public async Task Figures_of_other_heads_than_the_models_make_it_unusable()
    {
        var version = await Reward.PublishHeadsAsync(NewId(), seed: 7, ["helpful", "harmless"], Figures());
        var error = await Assert.ThrowsAsync<RpcException>(() => ScoreAsync(version, "Hi.", ""));
        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Contains("has the heads helpful, harmless, and figures of harmless, helpful", error.Status.Detail, StringComparison.Ordinal);
        var flat = await Reward.PublishHeadsAsync(NewId(), seed: 7, s_names, Figures(helpfulStandardDeviation: 0));
        error = await Assert.ThrowsAsync<RpcException>(() => ScoreAsync(flat, "Hi.", "harmless"));
        Assert.Contains("has no usable normalisation", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_item_of_a_stream_has_the_head_that_it_names()
    {
        var version = await PublishAsync(seed: 8);
        var (harmless, helpful) = OutputsOf(version, "Hi.");
        using var call = Reward.Client.ScoreStream(cancellationToken: Cancellation);
        foreach (var head in new[] { "harmless", "helpful", "honest" })
        {
            var request = new ScoreStreamRequest { ItemId = head, ModelVersion = version.VersionId, Head = head, Item = Item("Hi.") };
            await call.RequestStream.WriteAsync(request, Cancellation);
        }
        await call.RequestStream.CompleteAsync();
        var results = await call.ResponseStream.ReadAllAsync(Cancellation)
            .ToDictionaryAsync(response => response.ItemId, response => response.Result, cancellationToken: Cancellation);

        Assert.Equal(harmless, results["harmless"].Raw, 1e-5);
        Assert.Equal(helpful, results["helpful"].Raw, 1e-5);
        var error = new ItemError { Code = ErrorCode.InvalidItem, Message = $"Version '{version.VersionId}' has no head 'honest'; it has: harmless, helpful." };
        Assert.Equal(new ScoreResult { Error = error }, results["honest"]);
    }

    [Fact]
    public async Task Both_http_forms_can_name_the_head()
    {
        var version = await PublishAsync(seed: 9);
        var (_, helpful) = OutputsOf(version, "Hi.");
        var text = JsonValue.Create(Prompt + " Hi.").ToJsonString();

        var (status, answer) = await PostAsync("/v1/score", $$"""{"model_version": "{{version.VersionId}}", "head": "helpful", "items": [{"whole_text": {{text}}}]}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(helpful, (double?)answer["results"]?[0]?["raw"] ?? double.NaN, 1e-5);
        (status, answer) = await PostAsync($"/get_reward?model_version={version.VersionId}&head=helpful", $$"""{"query": [{{text}}]}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((helpful + 1) / .5, (double?)answer["rewards"]?[0] ?? double.NaN, 1e-4);
        (status, answer) = await PostAsync($"/get_reward?model_version={version.VersionId}&head=honest", $$"""{"query": [{{text}}]}""");
        Assert.Equal((HttpStatusCode.BadRequest, "head"), (status, (string?)answer["violations"]?[0]?["field"]));
    }

    [Fact]
    public async Task A_caller_who_names_a_head_that_the_canary_lacks_is_answered_by_the_latest_and_takes_no_canary_back()
    {
        var latest = await PublishAsync(seed: 10);
        await Reward.Client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation);
        var canary = await Reward.PublishAsync(NewId(), seed: 10);
        var registry = Reward.Services.GetRequiredService<RewardModelRegistry>();
        await registry.AdoptAsync(canary, Cancellation);
        Assert.Equal((latest.VersionId, canary.VersionId), (registry.LatestVersion, registry.CanaryVersion));

        var response = await Reward.Client.ScoreBatchAsync(new ScoreBatchRequest { Head = "helpful", Items = { Item("Hi.") } }, cancellationToken: Cancellation);
        Assert.Equal(latest.VersionId, response.Results[0].ModelVersion);
        var error = await Assert.ThrowsAsync<RpcException>(
            () => Reward.Client.ScoreBatchAsync(new ScoreBatchRequest { Head = "honest", Items = { Item("Hi.") } }, cancellationToken: Cancellation).ResponseAsync);
        Assert.Equal($"Version '{latest.VersionId}' has no head 'honest'; it has: harmless, helpful.", error.Status.Detail);
        Assert.Equal(canary.VersionId, registry.CanaryVersion);
        Assert.Empty(Reward.Log.Warnings);
    }

    private static IEqualityComparer<(bool IsFromCache, double Raw)> RawComparer { get; } =
        EqualityComparer<(bool IsFromCache, double Raw)>.Create((one, other) => one.IsFromCache == other.IsFromCache && Math.Abs(one.Raw - other.Raw) < 1e-5);

    private static string NewId() => $"run-{Guid.NewGuid():N}/reward-model";

    private static IEnumerable<HeadNormalisation> Figures(double helpfulStandardDeviation = .5) =>
    [
        new() { Name = "harmless", Normalisation = new ScoreNormalisation { ScoreMean = 1, ScoreStandardDeviation = 4, RatingMean = 900, RatingStandardDeviation = 100 } },
        new() { Name = "helpful", Normalisation = new ScoreNormalisation { ScoreMean = -1, ScoreStandardDeviation = helpfulStandardDeviation, RatingMean = 1200, RatingStandardDeviation = 50 } },
    ];

    private static ScoreItem Item(string response) => new() { Text = new PromptAndResponse { Prompt = Prompt, Response = response } };

    private static ScoreBatchRequest Request(ModelVersion version, string response, string head) =>
        new() { ModelVersion = version.VersionId, Head = head, Items = { Item(response) } };

    private static void AssertScore(ScoreResult result, double raw, double normalised, double rating, double spread)
    {
        Assert.Equal(raw, result.Raw, 1e-5);
        Assert.Equal(normalised, result.Normalised, 1e-5);
        Assert.Equal(rating, result.Rating, 1e-2);
        Assert.Equal(spread, result.Spread, 1e-5);
    }

    private Task<ModelVersion> PublishAsync(long seed) => Reward.PublishHeadsAsync(NewId(), seed, s_names, Figures());

    private (double Harmless, double Helpful) OutputsOf(ModelVersion version, string response)
    {
        using var model = RewardModel.Load(Reward.FolderOf(version.VersionId));
        var outputs = model.ScoreByMember([[.. Encoding.UTF8.GetBytes($"{Prompt} {response}"), TinyModels.EosId]])[0];
        return (outputs[0], outputs[1]);
    }

    private async Task<ScoreResult> ScoreAsync(ModelVersion version, string response, string head, bool includeMembers = false)
    {
        var request = Request(version, response, head);
        request.IncludeMembers = includeMembers;
        return (await Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation)).Results[0];
    }

    private async Task AssertRefusedAsync(ModelVersion version, string head, string text)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => ScoreAsync(version, "Hi.", head));
        Assert.Equal((StatusCode.InvalidArgument, text), (error.StatusCode, error.Status.Detail));
        Assert.Equal("head", error.GetRpcStatus()?.GetDetail<BadRequest>()?.FieldViolations[0].Field);
    }

    private async Task<(HttpStatusCode Status, JsonObject Body)> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Reward.Http.PostAsync(path, content, Cancellation);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))?.AsObject() ?? []);
    }
}
