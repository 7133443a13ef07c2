using System.Text;
using Google.Rpc;
using Grpc.Core;
using Rlhf.LanguageModels;
using Rlhf.V1;

namespace Rlhf.Reward.Tests;

public sealed class ScoreBatchTests(BackingServersFixture servers) : IAsyncLifetime
{
    private const string Prompt = "\n\nHuman: Hello?\n\nAssistant:";
    private RunningReward? _reward;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RunningReward Reward => _reward ?? throw new InvalidOperationException("The service is not running.");

    public async ValueTask InitializeAsync()
    {
        _reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache, ("Reward:MaxQueuedItems", "300"), ("Reward:MaxItemsPerRequest", "400"));
    }

    public ValueTask DisposeAsync() => Reward.DisposeAsync();

    [Fact]
    public async Task Text_conversation_and_tokens_of_the_same_answer_have_the_models_own_score()
    {
        var version = await Reward.PublishAsync(NewId(), seed: 1);

        var response = await Reward.Client.ScoreBatchAsync(
            Request(version, Text("Hi."), Chat("Hello?", "Hi."), Tokens(Bytes(Prompt + " Hi.", eos: true), await HashAsync())), cancellationToken: Cancellation);

        // One token a byte, the response after a space and ended by the end-of-sequence token.
        using var model = RewardModel.Load(Reward.FolderOf(version.VersionId));
        var expected = model.Score([Bytes(Prompt + " Hi.", eos: true)])[0];
        Assert.Equal(3, response.Results.Count);
        Assert.All(response.Results, result =>
        {
            Assert.Null(result.Error);
            Assert.Equal(expected, result.Raw, 1e-5);
            Assert.Equal((expected - .5) / 2, result.Normalised, 1e-5);
            Assert.Equal(1000 + (150 * expected), result.Rating, 1e-2);
            Assert.Equal(Prompt.Length + 5, result.TokenCount);
            Assert.Equal(version.VersionId, result.ModelVersion);
            Assert.False(result.Truncated);
        });
    }

    [Fact]
    public async Task An_item_scores_the_same_alone_in_any_batch_and_from_the_cache()
    {
        var version = await Reward.PublishAsync(NewId(), seed: 2);
        var answers = Enumerable.Range(0, 60).Select(i => new string((char)('a' + (i % 26)), 1 + i)).ToArray();
        using var model = RewardModel.Load(Reward.FolderOf(version.VersionId));
        var alone = answers.Select(answer => (double)model.Score([Bytes($"{Prompt} {answer}", eos: true)])[0]).ToArray();

        var calls = await Task.WhenAll(answers.Chunk(7).Select(chunk =>
            Reward.Client.ScoreBatchAsync(Request(version, [.. chunk.Select(Text)]), cancellationToken: Cancellation).ResponseAsync));
        var again = await Reward.Client.ScoreBatchAsync(Request(version, [.. answers.Select(Text)]), cancellationToken: Cancellation);

        var together = calls.SelectMany(call => call.Results).ToArray();
        AssertClose(alone, [.. together.Select(result => result.Raw)]);
        AssertClose(alone, [.. again.Results.Select(result => result.Raw)]);
        Assert.All(together, result => Assert.False(result.FromCache));
        Assert.All(again.Results, result => Assert.True(result.FromCache));
    }

    [Fact]
    public async Task The_cache_is_refreshed_or_bypassed_as_asked_and_belongs_to_one_version()
    {
        var one = await Reward.PublishAsync(NewId(), seed: 3);
        var two = await Reward.PublishAsync(NewId(), seed: 4);
        var item = Text("Hi.");
        await Reward.Client.ScoreBatchAsync(Request(one, item), cancellationToken: Cancellation);

        foreach (var (version, policy, isFromCache) in new[]
        {
            (one, CachePolicy.Use, true), (one, CachePolicy.Bypass, false), (one, CachePolicy.Refresh, false), (two, CachePolicy.Use, false),
        })
        {
            var request = Request(version, item);
            request.Cache = policy;
            var response = await Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation);
            Assert.Equal((version.VersionId, isFromCache), (response.Results[0].ModelVersion, response.Results[0].FromCache));
        }
    }

    [Fact]
    public async Task Items_that_cannot_be_scored_say_why_and_the_others_are_scored()
    {
        var version = await Reward.PublishAsync(NewId(), seed: 5, poisonedId: 'Z');
        var hash = await HashAsync();

        var response = await Reward.Client.ScoreBatchAsync(
            Request(
                version,
                Text("fine"),
                Text(new string('x', 200)),
                Text("  "),
                new ScoreItem(),
                Tokens([1, 2, 3], "another"),
                Tokens([], hash),
                Tokens([1, TinyModels.VocabularySize], hash),
                Tokens([1, -1], hash),
                new ScoreItem { Conversation = new Conversation { Messages = { new ChatMessage { Role = "user", Content = "Hello?" } } } },
                new ScoreItem
                {
                    Conversation = new Conversation
                    {
                        Messages = { new ChatMessage { Role = "wizard", Content = "Hello?" }, new ChatMessage { Role = "assistant", Content = "Hi." } },
                    },
                },
                Text("a Z in it"),
                Text("fine too")),
            cancellationToken: Cancellation);

        var invalid = ErrorCode.InvalidItem;
        Assert.Equal(
            [null, ErrorCode.TooLong, invalid, invalid, ErrorCode.TokenizerMismatch, invalid, invalid, invalid, invalid, invalid, ErrorCode.NotFinite, null],
            response.Results.Select(result => result.Error?.Code));
        Assert.Contains("229 tokens", response.Results[1].Error.Message, StringComparison.Ordinal);
        Assert.All(response.Results.Where(result => result.Error is not null), result => Assert.Equal(new ScoreResult { Error = result.Error }, result));
        var again = await Reward.Client.ScoreBatchAsync(Request(version, Text("a Z in it")), cancellationToken: Cancellation);
        Assert.Equal(ErrorCode.NotFinite, again.Results[0].Error.Code); // it was not kept in the cache as a number
    }

    [Fact]
    public async Task What_is_too_long_is_cut_from_the_front_where_that_is_allowed()
    {
        var version = await Reward.PublishAsync(NewId(), seed: 6);
        var request = Request(version, Text(new string('x', 200)), Text("short"));
        request.Truncation = TruncationPolicy.KeepEnd;

        var results = (await Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation)).Results;

        using var model = RewardModel.Load(Reward.FolderOf(version.VersionId));
        var end = Bytes($"{Prompt} {new string('x', 200)}", eos: true)[^TinyModels.ContextLength..];
        Assert.Equal(model.Score([end])[0], results[0].Raw, 1e-5);
        Assert.Equal((true, TinyModels.ContextLength), (results[0].Truncated, results[0].TokenCount));
        Assert.False(results[1].Truncated);
    }

    [Fact]
    public async Task Members_are_returned_where_asked_for()
    {
        var version = await Reward.PublishAsync(NewId(), seed: 7);
        var request = Request(version, Text("Hi."));
        request.IncludeMembers = true;
        var result = (await Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation)).Results[0];
        Assert.Equal([result.Raw], result.Members);
    }

    [Fact]
    public async Task An_ensembles_score_is_its_members_mean_with_their_spread_also_from_the_cache()
    {
        var version = await Reward.PublishAsync(NewId(), seed: 3, members: 3);
        var request = Request(version, Text("Hi."), Text("No."));
        request.IncludeMembers = true;
        var computed = await Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation);
        var cached = await Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation);

        using var model = RewardModel.Load(Reward.FolderOf(version.VersionId));
        var expected = model.ScoreByMember([Bytes(Prompt + " Hi.", eos: true)])[0].Select(score => (double)score).ToArray();
        var (mean, result) = (expected.Average(), computed.Results[0]);
        AssertClose(expected, [.. result.Members]);
        Assert.Equal(3, result.Members.Distinct().Count());
        Assert.Equal(mean, result.Raw, 1e-5);
        Assert.Equal(Math.Sqrt(expected.Sum(score => (score - mean) * (score - mean)) / 3), result.Spread, 1e-5);
        Assert.Equal((mean - .5) / 2, result.Normalised, 1e-5);
        Assert.All(cached.Results, again => Assert.True(again.FromCache));
        Assert.Equal(computed.Results.Select(item => (item.Raw, item.Spread)), cached.Results.Select(item => (item.Raw, item.Spread)));
        Assert.Equal(computed.Results[1].Members, cached.Results[1].Members);
    }

    [Fact]
    public async Task More_than_may_wait_is_refused_with_a_time_to_try_again()
    {
        var version = await Reward.PublishAsync(NewId(), seed: 8);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Reward.Client.ScoreBatchAsync(
            Request(version, [.. Enumerable.Range(0, 301).Select(i => Text($"{i}"))]), cancellationToken: Cancellation));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Equal(1, error.GetRpcStatus()?.GetDetail<RetryInfo>()?.RetryDelay.Seconds);
        // Nothing of the refused request is left waiting.
        var response = await Reward.Client.ScoreBatchAsync(Request(version, [.. Enumerable.Range(0, 300).Select(i => Text($"{i}"))]), cancellationToken: Cancellation);
        Assert.All(response.Results, result => Assert.Null(result.Error));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(401)]
    public async Task Too_few_or_too_many_items_are_an_invalid_argument(int count)
    {
        var version = await Reward.PublishAsync(NewId(), seed: 9);
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await Reward.Client.ScoreBatchAsync(Request(version, [.. Enumerable.Repeat(Text("Hi."), count)]), cancellationToken: Cancellation));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal("items", error.GetRpcStatus()?.GetDetail<BadRequest>()?.FieldViolations[0].Field);
    }

    [Fact]
    public async Task The_same_request_id_is_the_same_answer_computed_once()
    {
        await Reward.PublishAsync(NewId(), seed: 11);
        var request = new ScoreBatchRequest { RequestId = NewId(), Cache = CachePolicy.Bypass, Items = { Text("Hi.") } };
        var first = await Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation);
        await Reward.PublishAsync(NewId(), seed: 12);
        await Reward.Client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation); // "latest" moves on

        var again = await Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation);
        var other = await Reward.Client.ScoreBatchAsync(new ScoreBatchRequest(request) { RequestId = NewId() }, cancellationToken: Cancellation);
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await Reward.Client.ScoreBatchAsync(new ScoreBatchRequest(request) { IncludeMembers = true }, cancellationToken: Cancellation));

        Assert.Equal(first, again);
        Assert.NotEqual(first.Results[0].ModelVersion, other.Results[0].ModelVersion);
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    [Fact]
    public async Task A_request_that_failed_is_computed_when_it_comes_again()
    {
        var id = NewId();
        var request = new ScoreBatchRequest { RequestId = NewId(), ModelVersion = id, Items = { Text("Hi.") } };
        await Assert.ThrowsAsync<RpcException>(async () => await Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation));
        await Reward.PublishAsync(id, seed: 13);
        Assert.Null((await Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation)).Results[0].Error);
    }

    [Fact]
    public async Task A_stream_answers_every_item_under_its_id()
    {
        var version = await Reward.PublishAsync(NewId(), seed: 10);
        using var call = Reward.Client.ScoreStream(cancellationToken: Cancellation);
        var reading = call.ResponseStream.ReadAllAsync(Cancellation).ToDictionaryAsync(response => response.ItemId, response => response.Result, cancellationToken: Cancellation);
        for (var i = 0; i < 300; i++)
        {
            await call.RequestStream.WriteAsync(
                new ScoreStreamRequest
                {
                    ItemId = $"{i}",
                    ModelVersion = i == 50 ? "nowhere" : version.VersionId,
                    Item = i == 100 ? new ScoreItem() : Text($"answer {i}"),
                },
                Cancellation);
        }
        await call.RequestStream.CompleteAsync();
        var results = await reading.AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        Assert.Equal(300, results.Count);
        Assert.Equal(ErrorCode.UnknownVersion, results["50"].Error.Code);
        Assert.Equal(ErrorCode.InvalidItem, results["100"].Error.Code);
        using var model = RewardModel.Load(Reward.FolderOf(version.VersionId));
        Assert.All(results.Where(result => result.Key is not ("50" or "100")), result =>
            Assert.Equal(model.Score([Bytes($"{Prompt} answer {result.Key}", eos: true)])[0], result.Value.Raw, 1e-5));
    }

    [Fact]
    public async Task Tokenize_gives_the_token_ids_that_are_scored()
    {
        var response = await Reward.Client.TokenizeAsync(new TokenizeRequest { Items = { Text("Hi."), new ScoreItem() } }, cancellationToken: Cancellation);
        Assert.Equal(Bytes(Prompt + " Hi.", eos: true), response.Results[0].Tokens.TokenIds);
        Assert.Equal(await HashAsync(), response.Results[0].Tokens.TokenizerHash);
        Assert.Equal(ErrorCode.InvalidItem, response.Results[1].Error.Code);
    }

    private static string NewId() => $"run-{Guid.NewGuid():N}/reward-model";

    private static ScoreItem Text(string response) => new() { Text = new PromptAndResponse { Prompt = Prompt, Response = response } };

    private static ScoreItem Chat(string question, string answer) => new()
    {
        Conversation = new Conversation
        {
            Messages = { new ChatMessage { Role = "user", Content = question }, new ChatMessage { Role = "assistant", Content = answer } },
        },
    };

    private static ScoreItem Tokens(IEnumerable<int> ids, string hash) => new() { Tokens = new TokenSequence { TokenIds = { ids }, TokenizerHash = hash } };

    private static ScoreBatchRequest Request(ModelVersion version, params ScoreItem[] items) => new() { ModelVersion = version.VersionId, Items = { items } };

    private static int[] Bytes(string text, bool eos) => [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value), .. eos ? [TinyModels.EosId] : Array.Empty<int>()];

    private static void AssertClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    private async Task<string> HashAsync() => (await Reward.Client.InfoAsync(new RewardInfoRequest(), cancellationToken: Cancellation)).TokenizerHash;
}
