using System.Net;
using System.Text;
using System.Text.Json;
using Rlhf.V1;

namespace Rlhf.Generator.Tests.OpenAi;

/// <summary>What the HTTP door sends and refuses, byte by byte.</summary>
public sealed class OpenAiHttpTests(GeneratorFixture generator) : IDisposable
{
    private const string Messages = """[{"role":"user","content":"How do I bake bread?"}]""";

    private readonly HttpClient _http = new() { BaseAddress = generator.Address };
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_text_completion_goes_on_from_each_prompt_and_counts_offsets_from_its_start()
    {
        var (status, json) = await PostAsync("completions", """{"model":"base","prompt":["How do I","Tell me"],"n":2,"seed":3,"max_tokens":6,"logprobs":2}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("text_completion", json.GetProperty("object").GetString());
        var choices = json.GetProperty("choices").EnumerateArray().ToList();
        Assert.Equal([0, 1, 2, 3], choices.Select(choice => choice.GetProperty("index").GetInt32()));
        foreach (var choice in choices)
        {
            var logprobs = choice.GetProperty("logprobs");
            var tokens = logprobs.GetProperty("tokens").EnumerateArray().Select(token => token.GetString() ?? "").ToList();
            Assert.Equal(choice.GetProperty("text").GetString(), string.Concat(tokens));
            Assert.Equal(tokens.Count, logprobs.GetProperty("token_logprobs").GetArrayLength());
            Assert.Equal(
                tokens.SkipLast(1).Aggregate(new List<int> { choice.GetProperty("index").GetInt32() < 2 ? 8 : 7 }, (all, token) => [.. all, all[^1] + token.Length]),
                logprobs.GetProperty("text_offset").EnumerateArray().Select(offset => offset.GetInt32()));
            Assert.All(logprobs.GetProperty("top_logprobs").EnumerateArray(), top => Assert.InRange(top.EnumerateObject().Count(), 2, 3));
        }
    }

    [Fact]
    public async Task Token_ids_are_a_prompt_too()
    {
        var request = GenerationServiceTests.Request("x");
        (request.Prompt, request.Sampling.Temperature, request.Sampling.MaxNewTokens) = (new Prompt { Text = "How do I" }, 0, 6);
        var result = (await generator.Client.GenerateBatchAsync(new GenerateBatchRequest { Requests = { request } }, cancellationToken: _cancellation)).Results[0];
        var ids = string.Join(',', result.PromptTokenIds);
        var (_, json) = await PostAsync("completions", $$"""{"model":"base","prompt":[{{ids}}],"temperature":0,"max_tokens":6}""");
        Assert.Equal(result.Samples[0].Text, json.GetProperty("choices")[0].GetProperty("text").GetString()?.Trim());
        Assert.Equal(result.PromptTokenIds.Count, json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task A_stream_is_events_that_begin_with_the_role_and_end_with_usage_and_done()
    {
        var body = $$"""{"model":"base","messages":{{Messages}},"n":2,"seed":11,"max_tokens":12,"stream":true,"stream_options":{"include_usage":true} }""";
        using var response = await _http.PostAsync("/v1/chat/completions", Json(body), _cancellation);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var events = (await response.Content.ReadAsStringAsync(_cancellation)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(events, data => Assert.StartsWith("data: ", data, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", events[^1]);
        var chunks = events.SkipLast(1).Select(data => JsonDocument.Parse(data["data: ".Length..]).RootElement).ToList();
        Assert.Single(chunks.Select(chunk => chunk.GetProperty("id").GetString()).Distinct());
        Assert.All(chunks, chunk => Assert.Equal("chat.completion.chunk", chunk.GetProperty("object").GetString()));
        Assert.All(chunks.Take(2), chunk => Assert.Equal("assistant", chunk.GetProperty("choices")[0].GetProperty("delta").GetProperty("role").GetString()));
        Assert.All(chunks.SkipLast(1), chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("usage").ValueKind));
        Assert.Equal(0, chunks[^1].GetProperty("choices").GetArrayLength());

        var (_, whole) = await PostAsync("chat/completions", $$"""{"model":"base","messages":{{Messages}},"n":2,"seed":11,"max_tokens":12}""");
        Assert.Equal(whole.GetProperty("usage").GetRawText(), chunks[^1].GetProperty("usage").GetRawText());
        foreach (var choice in whole.GetProperty("choices").EnumerateArray())
        {
            var own = chunks.SkipLast(1).Select(chunk => chunk.GetProperty("choices")[0])
                .Where(part => part.GetProperty("index").GetInt32() == choice.GetProperty("index").GetInt32()).ToList();
            Assert.Equal(
                choice.GetProperty("message").GetProperty("content").GetString(),
                string.Concat(own.Select(part => part.GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : "")));
            Assert.Equal(choice.GetProperty("finish_reason").GetString(), own[^1].GetProperty("finish_reason").GetString());
        }
    }

    [Theory]
    [InlineData("""{"messages":M}""", "model", "missing_required_parameter")]
    [InlineData("""{"model":"base"}""", "messages", "missing_required_parameter")]
    [InlineData("""{"model":7,"messages":M}""", "model", "invalid_type")]
    [InlineData("""{"model":"base","messages":[]}""", null, "invalid_value")]
    [InlineData("""{"model":"base","messages":"hello"}""", "messages", "invalid_type")]
    [InlineData("""{"model":"base","messages":[{"role":"user","content":""}]}""", null, "invalid_value")]
    [InlineData("""{"model":"base","messages":[{"role":"tool","content":"x"}]}""", "messages[0].role", "invalid_value")]
    [InlineData("""{"model":"base","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}""", "messages[0].content[0].type", "unsupported_parameter")]
    [InlineData("""{"model":"base","messages":M,"temperature":"NaN"}""", "temperature", "invalid_type")]
    [InlineData("""{"model":"base","messages":M,"temperature":NaN}""", null, "invalid_value")]
    [InlineData("""{"model":"base","messages":M,"temperature":1e999}""", "temperature", "invalid_value")]
    [InlineData("""{"model":"base","messages":M,"top_p":0}""", null, "invalid_value")]
    [InlineData("""{"model":"base","messages":M,"max_tokens":-5}""", "max_tokens", "invalid_value")]
    [InlineData("""{"model":"base","messages":M,"max_completion_tokens":99999999999}""", "max_completion_tokens", "invalid_value")]
    [InlineData("""{"model":"base","messages":M,"n":10000}""", "n", "invalid_value")]
    [InlineData("""{"model":"base","messages":M,"stop":[1]}""", "stop[0]", "invalid_type")]
    [InlineData("""{"model":"base","messages":M,"top_logprobs":3}""", "top_logprobs", "invalid_value")]
    [InlineData("""{"model":"base","messages":M,"logprobs":true,"top_logprobs":21}""", "top_logprobs", "invalid_value")]
    [InlineData("""{"model":"base","messages":M,"tools":[{"type":"function"}]}""", "tools", "unsupported_parameter")]
    [InlineData("""{"model":"base","messages":M,"response_format":{"type":"json_object"}}""", "response_format", "unsupported_parameter")]
    [InlineData("""{"model":"base","messages":M,"logit_bias":{"5":1}}""", "logit_bias", "unsupported_parameter")]
    [InlineData("""{"model":"base","messages":M,"frequency_penalty":0.5}""", "frequency_penalty", "unsupported_parameter")]
    [InlineData("""{"model":"base","messages":M,"top_k":5}""", "top_k", "unknown_parameter")]
    [InlineData("""{"model":"base","messages":M,"stream_options":{"include_usage":true}}""", "stream_options", "invalid_value")]
    [InlineData("""{"model":"base","messages":M,"seed":1,"seed":2}""", "seed", "invalid_value")]
    [InlineData("""{"model":"base","messages":[{"role":"user","content":"\ud800"}]}""", "messages[0].content", "invalid_value")]
    [InlineData("""["model"]""", null, "invalid_value")]
    [InlineData("""{"model":"base",""", null, "invalid_value")]
    [InlineData("", null, "invalid_value")]
    public async Task A_bad_chat_request_is_refused_with_its_reason(string body, string? param, string code)
    {
        var (status, json) = await PostAsync("chat/completions", body.Replace("M}", Messages + "}", StringComparison.Ordinal).Replace("M,", Messages + ",", StringComparison.Ordinal));
        RequireError(HttpStatusCode.BadRequest, param, code, status, json);
    }

    [Theory]
    [InlineData("""{"model":"base","prompt":""}""", null, "invalid_value")]
    [InlineData("""{"model":"base","prompt":[]}""", "prompt", "invalid_value")]
    [InlineData("""{"model":"base","prompt":[["a"]]}""", "prompt[0][0]", "invalid_type")]
    [InlineData("""{"model":"base","prompt":[5,999999]}""", null, "invalid_value")]
    [InlineData("""{"model":"base","prompt":"x","echo":true}""", "echo", "unsupported_parameter")]
    [InlineData("""{"model":"base","prompt":"x","suffix":"y"}""", "suffix", "unsupported_parameter")]
    [InlineData("""{"model":"base","prompt":"x","best_of":4}""", "best_of", "unsupported_parameter")]
    [InlineData("""{"model":"base","prompt":"x","logprobs":6}""", "logprobs", "invalid_value")]
    public async Task A_bad_text_request_is_refused_with_its_reason(string body, string? param, string code)
    {
        var (status, json) = await PostAsync("completions", body);
        RequireError(HttpStatusCode.BadRequest, param, code, status, json);
    }

    [Fact]
    public async Task Other_failures_have_their_own_status()
    {
        var (status, json) = await PostAsync("chat/completions", $$"""{"model":"{{PublishedVersions.RewardModel}}","messages":{{Messages}}}""");
        RequireError(HttpStatusCode.NotFound, "model", "model_not_found", status, json);
        var words = string.Join(' ', Enumerable.Repeat("word", 5000));
        (status, json) = await PostAsync("completions", $$"""{"model":"base","prompt":"{{words}}"}""");
        RequireError(HttpStatusCode.BadRequest, null, "context_length_exceeded", status, json);
        (status, json) = await PostAsync("chat/completions", $$"""{"model":"base","messages":{{Messages}},"stop":[{{string.Join(',', Enumerable.Repeat("\"x\"", 5000))}}]}""");
        RequireError(HttpStatusCode.BadRequest, null, "invalid_value", status, json);
        (status, json) = await PostAsync("embeddings", "{}");
        RequireError(HttpStatusCode.NotFound, null, "unknown_url", status, json);
        using var broken = new ByteArrayContent([.. "{\"model\":\"ba"u8, 0xFF, .. "se\"}"u8]);
        using var response = await _http.PostAsync("/v1/chat/completions", broken, _cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("not valid UTF-8", await response.Content.ReadAsStringAsync(_cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_not_read()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Json(new string(' ', 5 << 20)) };
        request.Headers.ExpectContinue = true; // else the client is still sending when the server hangs up
        using var response = await _http.SendAsync(request, _cancellation);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(_cancellation));
        RequireError(HttpStatusCode.RequestEntityTooLarge, null, null, response.StatusCode, json.RootElement);
    }

    [Fact]
    public async Task Bad_requests_leave_good_ones_beside_them_alone()
    {
        var good = $$"""{"model":"base","messages":{{Messages}},"seed":11,"max_tokens":40}""";
        var (_, alone) = await PostAsync("chat/completions", good);
        var expected = alone.GetProperty("choices").GetRawText();
        var bad = $$"""{"model":"base","messages":{{Messages}},"n":10000}""";
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => PostAsync("chat/completions", i % 3 == 0 ? bad : good)));
        foreach (var (index, (status, json)) in answers.Index())
        {
            Assert.Equal(index % 3 == 0 ? HttpStatusCode.BadRequest : HttpStatusCode.OK, status);
            Assert.True(index % 3 == 0 || json.GetProperty("choices").GetRawText() == expected);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_goes_ends_its_work(bool isStream)
    {
        using var watch = new EngineWatch(generator.Services);
        var body = $$"""{"model":"base","messages":{{Messages}},"n":90,"seed":5,"max_tokens":400,"temperature":2,"stream":{{(isStream ? "true" : "false")}}}""";
        using (var gone = CancellationTokenSource.CreateLinkedTokenSource(_cancellation))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Json(body) };
            var answer = _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, gone.Token);
            while (watch.TokensDrawn == 0)
            {
                await Task.Delay(5, _cancellation);
            }

            await gone.CancelAsync();
            await Task.WhenAny(answer);
            if (answer.IsCompletedSuccessfully)
            {
                // A stream had begun.
                (await answer).Dispose();
            }
        }

        await watch.UntilIdleAsync(_cancellation);
        Assert.InRange(watch.TokensDrawn, 1, 18_000); // of 36,000
    }

    public void Dispose() => _http.Dispose();

    private static void RequireError(HttpStatusCode wanted, string? param, string? code, HttpStatusCode status, JsonElement json)
    {
        var error = json.GetProperty("error");
        Assert.True(wanted == status, error.GetRawText());
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString() ?? "");
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private async Task<(HttpStatusCode Status, JsonElement Json)> PostAsync(string path, string body)
    {
        using var content = Json(body);
        using var response = await _http.PostAsync($"/v1/{path}", content, _cancellation);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(_cancellation));
        return (response.StatusCode, json.RootElement.Clone());
    }
}
