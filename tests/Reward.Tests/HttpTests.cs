using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.LanguageModels;
using Rlhf.V1;

namespace Rlhf.Reward.Tests;

public sealed class HttpTests(BackingServersFixture servers) : IAsyncLifetime
{
    private const string Prompt = "\n\nHuman: Hello?\n\nAssistant:";
    private RunningReward? _reward;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RunningReward Reward => _reward ?? throw new InvalidOperationException("The service is not running.");

    public async ValueTask InitializeAsync()
    {
        _reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache, ("Reward:MaxQueuedItems", "300"), ("Reward:MaxItemsPerRequest", "400"));
        await Reward.PublishAsync("v1", seed: 1, poisonedId: 'Z');
    }

    public ValueTask DisposeAsync() => Reward.DisposeAsync();

    [Fact]
    public async Task Score_takes_and_gives_the_messages_of_ScoreBatch_as_json()
    {
        var (status, answer) = await PostAsync("/v1/score", $$$"""
            {"request_id": "a", "modelVersion": "v1", "cache": "CACHE_POLICY_BYPASS", "items": [
              {"text": {"prompt": {{{JsonSerializer.Serialize(Prompt)}}}, "response": "Hi."}},
              {"whole_text": {{{JsonSerializer.Serialize(Prompt + " Hi.</s>")}}}},
              {"text": {"prompt": "x", "response": " "}}]}
            """);

        Assert.Equal(HttpStatusCode.OK, status);
        var expected = await Reward.Client.ScoreBatchAsync(
            new ScoreBatchRequest { ModelVersion = "v1", Items = { new ScoreItem { Text = new PromptAndResponse { Prompt = Prompt, Response = "Hi." } } } },
            cancellationToken: Cancellation);
        var results = answer["results"]?.AsArray() ?? [];
        Assert.Equal(("a", 3), ((string?)answer["request_id"], results.Count));
        Assert.Equal(expected.Results[0].Raw, (double?)results[0]?["raw"]);
        Assert.Equal(expected.Results[0].Normalised, (double?)results[1]?["normalised"]);
        Assert.Equal("v1", (string?)results[1]?["model_version"]);
        Assert.Equal("""{"error":{"code":"ERROR_CODE_INVALID_ITEM","message":"Prompt and response must not be empty."}}""", results[2]?.ToJsonString());
    }

    [Theory]
    [InlineData("{", "INVALID_ARGUMENT", "body", "The body is no ScoreBatchRequest in JSON")]
    [InlineData("""{"itemz": []}""", "INVALID_ARGUMENT", "body", "Unknown field: itemz")]
    [InlineData("""{"items": []}""", "INVALID_ARGUMENT", "items", "There are 0 items; 1 to 400 are taken in one call.")]
    public async Task A_bad_body_is_a_problem_that_names_the_field(string body, string code, string field, string text)
    {
        var (status, problem) = await PostAsync("/v1/score", body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal((code, 400), ((string?)problem["code"], (int?)problem["status"]));
        Assert.Contains(text, (string?)problem["detail"], StringComparison.Ordinal);
        Assert.Equal(field, (string?)problem["violations"]?[0]?["field"]);
    }

    [Fact]
    public async Task Unknown_versions_and_overload_have_the_codes_of_grpc()
    {
        var (status, problem) = await PostAsync("/v1/score", """{"model_version": "v9", "items": [{"whole_text": "a"}]}""");
        Assert.Equal((HttpStatusCode.NotFound, "NOT_FOUND"), (status, (string?)problem["code"]));
        Assert.Equal("There is no version 'v9'.", (string?)problem["detail"]);

        using var content = Json(JsonSerializer.Serialize(new { query = Enumerable.Range(0, 301).Select(i => $"text {i}") }));
        using var response = await Reward.Http.PostAsync("/get_reward", content, Cancellation);
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        Assert.Equal("RESOURCE_EXHAUSTED", (string?)(await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation))?["code"]);
    }

    [Fact]
    public async Task Get_reward_answers_as_trainers_expect_and_ignores_labels()
    {
        string[] queries = [Prompt + " Hi.</s>", Prompt + " No."];
        var (status, answer) = await PostAsync("/get_reward", JsonSerializer.Serialize(new { query = queries, prompts = new[] { Prompt, Prompt }, labels = new[] { "", "b" } }));

        Assert.Equal(HttpStatusCode.OK, status);
        using var model = RewardModel.Load(Reward.FolderOf("v1"));
        var expected = model.Score([Tokens(Prompt + " Hi."), Tokens(Prompt + " No.")]).Select(raw => (raw - .5) / 2).ToArray();
        var rewards = answer["rewards"]?.AsArray().Select(value => (double?)value ?? double.NaN).ToArray() ?? [];
        Assert.Equal(2, rewards.Length);
        Assert.All(expected.Zip(rewards), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Equal(answer["rewards"]?.ToJsonString(), answer["scores"]?.ToJsonString());
    }

    [Theory]
    [InlineData("""{"query": "one text"}""", "query", "'query' must be a list of texts.")]
    [InlineData("""{"prompts": ["a"]}""", "query", "'query' is missing; give a list of texts.")]
    [InlineData("""{"query": ["a", null]}""", "query[1]", "Only texts can be scored.")]
    [InlineData("""{"query": ["a", "b"], "prompts": ["a"]}""", "prompts", "There are 1 prompts for 2 texts in 'query'; give one for each, or none.")]
    [InlineData("""{"query": ["ab", "b"], "prompts": ["a", "b"]}""", "query[1]", "The text is its prompt and nothing else; 'query' takes prompt and response together.")]
    [InlineData("[]", "body", "The body must be a JSON object with 'query', a list of texts.")]
    [InlineData("""{"query": []}""", "items", "There are 0 items; 1 to 400 are taken in one call.")]
    public async Task A_bad_trainer_request_names_the_field(string body, string field, string text)
    {
        var (status, problem) = await PostAsync("/get_reward", body);

        Assert.Equal((HttpStatusCode.BadRequest, "INVALID_ARGUMENT"), (status, (string?)problem["code"]));
        Assert.Equal(text, (string?)problem["detail"]);
        Assert.Equal(field, (string?)problem["violations"]?[0]?["field"]);
    }

    [Fact]
    public async Task An_item_that_fails_fails_a_trainers_call_and_is_named()
    {
        var (status, problem) = await PostAsync("/get_reward", JsonSerializer.Serialize(new { query = new[] { "fine", new string('x', 200), " " } }));
        Assert.Equal((HttpStatusCode.BadRequest, "INVALID_ARGUMENT"), (status, (string?)problem["code"]));
        Assert.Equal("2 of 3 texts can't be scored, query[1] first: The item has 201 tokens; the model's context has 96.", (string?)problem["detail"]);
        Assert.Equal(
            """[{"field":"query[1]","code":"ERROR_CODE_TOO_LONG","message":"The item has 201 tokens; the model\u0027s context has 96."},{"field":"query[2]","code":"ERROR_CODE_INVALID_ITEM","message":"Prompt and response must not be empty."}]""",
            problem["items"]?.ToJsonString());

        (status, problem) = await PostAsync("/get_reward", """{"query": ["a Z in it"]}""");
        Assert.Equal((HttpStatusCode.InternalServerError, "INTERNAL"), (status, (string?)problem["code"]));
        Assert.Equal("ERROR_CODE_NOT_FINITE", (string?)problem["items"]?[0]?["code"]);

        (status, _) = await PostAsync("/get_reward?truncation=keep_end&model_version=v1", JsonSerializer.Serialize(new { query = new[] { new string('x', 200) } }));
        Assert.Equal(HttpStatusCode.OK, status);
        (status, problem) = await PostAsync("/get_reward?truncation=some", """{"query": ["a"]}""");
        Assert.Equal((HttpStatusCode.BadRequest, "truncation"), (status, (string?)problem["violations"]?[0]?["field"]));
    }

    private static int[] Tokens(string text) => [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value), TinyModels.EosId];

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private async Task<(HttpStatusCode Status, JsonObject Body)> PostAsync(string path, string body)
    {
        using var content = Json(body);
        using var response = await Reward.Http.PostAsync(path, content, Cancellation);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))?.AsObject() ?? []);
    }
}
