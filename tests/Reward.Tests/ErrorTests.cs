using Google.Rpc;
using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Reward.Tests;

/// <summary>Each error that docs/reward-api.md names, with its code, field and text.</summary>
public sealed class ErrorTests(BackingServersFixture servers) : IAsyncLifetime
{
    private RunningReward? _reward;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RunningReward Reward => _reward ?? throw new InvalidOperationException("The service is not running.");

    public async ValueTask InitializeAsync() => _reward = await RunningReward.StartAsync(
        servers.Messaging, servers.Cache, ("Reward:MaxItemsPerRequest", "400"), ("Reward:MaxQueuedItems", "300"), ("Reward:MaxQueuedItemsPerCaller", "200"));

    public ValueTask DisposeAsync() => Reward.DisposeAsync();

    [Fact]
    public async Task An_item_that_can_not_be_scored_says_why()
    {
        await Reward.PublishAsync("v1", seed: 1, poisonedId: 'Z');
        var hash = (await Reward.Client.InfoAsync(new RewardInfoRequest(), cancellationToken: Cancellation)).TokenizerHash;
        const string Ending = "The conversation must end in the assistant's turn, with a turn before it.";
        (ScoreItem Item, ErrorCode Code, string Text)[] expected =
        [
            (new ScoreItem(), ErrorCode.InvalidItem, "The item is empty; give text, a conversation, token ids or whole_text."),
            (Text("p", " "), ErrorCode.InvalidItem, "Prompt and response must not be empty."),
            (Text("", "r"), ErrorCode.InvalidItem, "Prompt and response must not be empty."),
            (new ScoreItem { WholeText = "</s>" }, ErrorCode.InvalidItem, "Prompt and response must not be empty."),
            (Tokens(hash), ErrorCode.InvalidItem, "There are no token ids."),
            (Tokens(hash, 1, 257), ErrorCode.InvalidItem, "Token id 257 is out of range; the vocabulary has ids 0 to 256."),
            (Tokens(hash, -1), ErrorCode.InvalidItem, "Token id -1 is out of range; the vocabulary has ids 0 to 256."),
            (Chat(("user", "Hello?")), ErrorCode.InvalidItem, Ending),
            (Chat(("assistant", "Hi.")), ErrorCode.InvalidItem, Ending),
            (Chat(("wizard", "Hello?"), ("assistant", "Hi.")), ErrorCode.InvalidItem, "Turn 1 has the role \"wizard\"; use \"system\", \"user\" or \"assistant\"."),
            (Chat(("user", "Hello?"), ("assistant", " ")), ErrorCode.InvalidItem, "Prompt and response must not be empty."),
            (Text("p", new string('x', 200)), ErrorCode.TooLong, "The item has 203 tokens; the model's context has 96."),
            (Tokens("other", 1), ErrorCode.TokenizerMismatch, $"The token ids are said to be of tokenizer 'other'; this model's is '{hash}'."),
            (Tokens("", 1), ErrorCode.TokenizerMismatch, $"The token ids are said to be of tokenizer ''; this model's is '{hash}'."),
            (Text("p", "a Z in it"), ErrorCode.NotFinite, "Version 'v1' gave a score that is not a finite number."),
        ];
        var answer = await Reward.Client.ScoreBatchAsync(new ScoreBatchRequest { Items = { expected.Select(item => item.Item) } }, cancellationToken: Cancellation);
        Assert.Equal(expected.Select(item => new ScoreResult { Error = new ItemError { Code = item.Code, Message = item.Text } }), answer.Results);
    }

    [Fact]
    public async Task A_call_that_can_not_be_answered_says_why()
    {
        await AssertAsync(Request(1), StatusCode.FailedPrecondition, "There is no reward model yet; train one, or name a version.");
        await Reward.PublishAsync("v1", seed: 1);
        (await Reward.PublishAsync("policy", seed: 1)).Kind = VersionKind.Policy;
        (await Reward.PublishAsync("flat", seed: 1)).Normalisation.ScoreStandardDeviation = 0;
        await AssertAsync(Request(0), StatusCode.InvalidArgument, "There are 0 items; 1 to 400 are taken in one call.", "items");
        await AssertAsync(Request(401), StatusCode.InvalidArgument, "There are 401 items; 1 to 400 are taken in one call.", "items");
        await AssertAsync(Request(1, "v9"), StatusCode.NotFound, "There is no version 'v9'.");
        await AssertAsync(Request(1, "canary"), StatusCode.FailedPrecondition, "No version is on trial as the canary; name a version or 'latest'.");
        await AssertAsync(
            Request(1, "policy"), StatusCode.FailedPrecondition,
            "Reward model 'policy' can't be used: Version 'policy' is no reward model but a Policy; name one that ListModels shows.");
        await AssertAsync(
            Request(1, "flat"), StatusCode.FailedPrecondition,
            "Reward model 'flat' can't be used: Version 'flat' has no usable normalisation: finite numbers and a standard deviation above 0 are needed.");

        var known = Request(1);
        known.RequestId = "known";
        await Reward.Client.ScoreBatchAsync(known, cancellationToken: Cancellation);
        await AssertAsync(
            new ScoreBatchRequest(known) { IncludeMembers = true }, StatusCode.InvalidArgument,
            "The request id 'known' belongs to a request with other content; give each its own.", "request_id");
    }

    [Fact]
    public async Task A_full_service_says_when_to_come_again()
    {
        await Reward.PublishAsync("v1", seed: 1);
        var error = await AssertAsync(Request(301), StatusCode.ResourceExhausted, "0 items wait already and 300 may; try again in a moment, or send less at a time.");
        Assert.Equal(1, error.GetRpcStatus()?.GetDetail<RetryInfo>()?.RetryDelay.Seconds);
        error = await AssertAsync(
            Request(201), StatusCode.ResourceExhausted, "0 items of this caller wait already and 200 may; try again in a moment, or send less at a time.");
        Assert.Equal(1, error.GetRpcStatus()?.GetDetail<RetryInfo>()?.RetryDelay.Seconds);
    }

    [Fact]
    public async Task A_damaged_or_missing_Learner_is_unavailable_on_calls_and_upstream_on_streams()
    {
        var version = await Reward.PublishAsync("short", seed: 1);
        var file = version.Files[0];
        file.SizeBytes++;
        await AssertAsync(
            Request(1, "short"), StatusCode.Unavailable,
            $"The Learner sent {file.SizeBytes - 1} of the {file.SizeBytes} bytes of '{file.Name}' ({file.Sha256}) and said that this is all. Its artifact store is damaged; publish the version again.");

        await using var alone = await RunningReward.StartAsync(servers.Messaging, servers.Cache, ("services:learner:grpc:0", "http://127.0.0.1:1"));
        const string Text = "The Learner, which has the versions, can't be reached; try again in a moment.";
        foreach (var name in new[] { "", "v1" })
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await alone.Client.ScoreBatchAsync(Request(1, name), cancellationToken: Cancellation));
            Assert.Equal((StatusCode.Unavailable, Text), (error.StatusCode, error.Status.Detail));
        }
        Assert.Equal(new ItemError { Code = ErrorCode.Upstream, Message = Text }, await StreamErrorAsync(alone, ""));
        Assert.Equal(new ItemError { Code = ErrorCode.UnknownVersion, Message = "There is no version 'v9'." }, await StreamErrorAsync(Reward, "v9"));
    }

    [Fact]
    public async Task A_pinned_version_that_is_nowhere_is_named()
    {
        await using var pinned = await RunningReward.StartAsync(servers.Messaging, servers.Cache, ("Versions:Pinned", "gone"));
        await pinned.PublishAsync("v1", seed: 1);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await pinned.Client.ScoreBatchAsync(Request(1), cancellationToken: Cancellation));
        Assert.Equal(
            (StatusCode.FailedPrecondition, "Versions:Pinned is 'gone', which is neither published nor in Reward:Models; pin another version, or name one."),
            (error.StatusCode, error.Status.Detail));
    }

    private static ScoreItem Text(string prompt, string response) => new() { Text = new PromptAndResponse { Prompt = prompt, Response = response } };

    private static ScoreItem Tokens(string hash, params int[] ids) => new() { Tokens = new TokenSequence { TokenIds = { ids }, TokenizerHash = hash } };

    private static ScoreItem Chat(params (string Role, string Content)[] turns) => new()
    {
        Conversation = new Conversation { Messages = { turns.Select(turn => new ChatMessage { Role = turn.Role, Content = turn.Content }) } },
    };

    private static ScoreBatchRequest Request(int items, string version = "") =>
        new() { ModelVersion = version, Items = { Enumerable.Range(0, items).Select(i => Text("Hello?", $"{i}")) } };

    private static async Task<ItemError> StreamErrorAsync(RunningReward reward, string version)
    {
        using var call = reward.Client.ScoreStream(cancellationToken: Cancellation);
        await call.RequestStream.WriteAsync(new ScoreStreamRequest { ItemId = "a", Item = Text("Hello?", "Hi."), ModelVersion = version }, Cancellation);
        await call.RequestStream.CompleteAsync();
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        return call.ResponseStream.Current.Result.Error;
    }

    private async Task<RpcException> AssertAsync(ScoreBatchRequest request, StatusCode code, string text, string? field = null)
    {
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Reward.Client.ScoreBatchAsync(request, cancellationToken: Cancellation));
        Assert.Equal((code, text), (error.StatusCode, error.Status.Detail));
        Assert.Equal(field, error.GetRpcStatus()?.GetDetail<BadRequest>()?.FieldViolations[0].Field);
        return error;
    }
}
