using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Generator.Tests;

public sealed class GenerationServiceTests(GeneratorFixture generator)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bad_item_fails_alone_with_its_reason()
    {
        var good = Request("How do I bake bread?");
        var empty = Request("x");
        empty.Prompt = new Prompt { Text = "" };
        var cold = Request("x");
        cold.Sampling.Temperature = float.NaN;
        var foreign = Request("x");
        foreign.Prompt = new Prompt { Tokens = new TokenSequence { TokenIds = { 1, 2 }, TokenizerHash = "another" } };
        var response = await generator.Client.GenerateBatchAsync(
            new GenerateBatchRequest { Requests = { empty, good, cold, Request(string.Join(' ', Enumerable.Repeat("word", 5000))), foreign } },
            cancellationToken: _cancellation);
        Assert.Equal(
            [ErrorCode.InvalidItem, null, ErrorCode.InvalidItem, ErrorCode.TooLong, ErrorCode.TokenizerMismatch],
            response.Results.Select(r => r.Error?.Code));
        Assert.NotEmpty(response.Results[1].Samples[0].TokenIds);
    }

    [Fact]
    public async Task Impossible_settings_fail_alone_with_their_reason()
    {
        var negative = Request("x");
        negative.Sampling.MaxNewTokens = -1;
        var stops = Request("x");
        stops.Sampling.Stop.AddRange(Enumerable.Range(0, 5000).Select(i => $"stop {i}"));
        var longStop = Request("x");
        longStop.Sampling.Stop.Add(new string('x', 257));
        var stopTokens = Request("x");
        stopTokens.Sampling.StopTokenIds.Add(999_999);
        var many = Request("x");
        many.Samples = 10_000;
        var unknown = Request("x");
        unknown.PolicyVersion = "tests/none";
        var response = await generator.Client.GenerateBatchAsync(
            new GenerateBatchRequest { Requests = { negative, stops, longStop, stopTokens, many, unknown, Request("How do I bake bread?") } },
            cancellationToken: _cancellation);
        Assert.Equal(
            [.. Enumerable.Repeat<ErrorCode?>(ErrorCode.InvalidItem, 5), ErrorCode.UnknownVersion, null], response.Results.Select(r => r.Error?.Code));
        Assert.NotEmpty(response.Results[6].Samples[0].TokenIds);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_sample_alone_and_beside_others()
    {
        var request = Request("How do I bake bread?");
        request.Samples = 3;
        var alone = await generator.Client.GenerateBatchAsync(new GenerateBatchRequest { Requests = { request } }, cancellationToken: _cancellation);
        var beside = await generator.Client.GenerateBatchAsync(
            new GenerateBatchRequest { Requests = { Request("Who are you?"), request, Request("Tell me a story about a lost key.") } }, cancellationToken: _cancellation);
        Assert.Equal(alone.Results[0].Samples.Select(s => s.Text), beside.Results[1].Samples.Select(s => s.Text));
        Assert.Equal(3, alone.Results[0].Samples.Select(s => s.Text).Count());
    }

    [Fact]
    public async Task Scoring_a_sample_gives_the_logprobs_that_were_recorded_with_it()
    {
        var generated = (await generator.Client.GenerateBatchAsync(
            new GenerateBatchRequest { Requests = { Request("How do I bake bread?") } }, cancellationToken: _cancellation)).Results[0];
        var info = await generator.Client.InfoAsync(new GenerationInfoRequest(), cancellationToken: _cancellation);
        var scored = await generator.Client.ScoreTokensAsync(
            new ScoreTokensRequest
            {
                Items =
                {
                    new ScoreTokensItem
                    {
                        Prompt = new Prompt { Tokens = new TokenSequence { TokenIds = { generated.PromptTokenIds }, TokenizerHash = info.TokenizerHash } },
                        Tokens = new TokenSequence { TokenIds = { generated.Samples[0].TokenIds }, TokenizerHash = info.TokenizerHash },
                    },
                },
            },
            cancellationToken: _cancellation);
        Assert.All(generated.Samples[0].Logprobs.Zip(scored.Results[0].Logprobs), p => Assert.Equal(p.First, p.Second, 1e-4));
    }

    [Fact]
    public async Task A_call_without_items_is_refused_by_field()
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await generator.Client.GenerateBatchAsync(new GenerateBatchRequest(), cancellationToken: _cancellation));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("requests has 0 items", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_gives_the_samples_of_the_batch_call_token_by_token()
    {
        var request = Request("How do I bake bread?");
        request.Samples = 3;
        request.Sampling.Stop.Add("the");
        var samples = (await generator.Client.GenerateBatchAsync(
            new GenerateBatchRequest { Requests = { request } }, cancellationToken: _cancellation)).Results[0].Samples;
        using var call = generator.Client.Generate(request, cancellationToken: _cancellation);
        var chunks = new List<GenerateChunk>();
        while (await call.ResponseStream.MoveNext(_cancellation))
        {
            chunks.Add(call.ResponseStream.Current);
        }

        foreach (var (index, sample) in samples.Index())
        {
            var own = chunks.Where(chunk => chunk.SampleIndex == index).ToList();
            Assert.Equal(sample.Text, string.Concat(own.Select(chunk => chunk.Text)));
            Assert.Equal(sample.TokenIds, own.SelectMany(chunk => chunk.TokenIds));
            Assert.Equal(sample.Logprobs, own.SelectMany(chunk => chunk.Logprobs));
            Assert.Equal(sample.FinishReason, own[^1].FinishReason);
            Assert.All(own.SkipLast(1), chunk => Assert.Equal(FinishReason.Unspecified, chunk.FinishReason));
        }
    }

    [Theory]
    [InlineData("", 12, StatusCode.InvalidArgument, "The prompt is empty")]
    [InlineData("x", 0, StatusCode.InvalidArgument, "max_new_tokens is 0")]
    public async Task A_stream_of_a_bad_request_is_refused(string text, int maxNewTokens, StatusCode status, string said)
    {
        var request = new GenerateRequest { Prompt = new Prompt { Text = text }, Sampling = new SamplingOptions { MaxNewTokens = maxNewTokens } };
        using var call = generator.Client.Generate(request, cancellationToken: _cancellation);
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(_cancellation));
        Assert.Equal(status, error.StatusCode);
        Assert.Contains(said, error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_is_left_ends_its_work()
    {
        var request = Request("Tell me a story about a lost key.");
        (request.Sampling.MaxNewTokens, request.Samples) = (400, 90);
        using var watch = new EngineWatch(generator.Services);
        using (var call = generator.Client.Generate(request, cancellationToken: _cancellation))
        {
            Assert.True(await call.ResponseStream.MoveNext(_cancellation));
        }

        await watch.UntilIdleAsync(_cancellation);
        Assert.InRange(watch.TokensDrawn, 1, 18_000); // of 36,000
    }

    internal static GenerateRequest Request(string text) => new()
    {
        Prompt = new Prompt { Conversation = new Conversation { Messages = { new ChatMessage { Role = "user", Content = text } } } },
        Sampling = new SamplingOptions { MaxNewTokens = 12, Seed = 11 },
    };
}
