using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Clients.Reward.Tests;

public sealed class CallTests : IAsyncDisposable
{
    private readonly ScriptedReplica _replica = new();
    private readonly RewardClient _client;

    public CallTests() => _client = new RewardClient(Options(_replica.Address));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _replica.DisposeAsync();
    }

    [Fact]
    public async Task Every_field_goes_there_and_comes_back()
    {
        _replica.OnBatch = static (_, request, _) =>
        {
            var answer = ScriptedReplica.AnswerTo(request);
            answer.Results[0].Members.Add([4, 6]);
            (answer.Results[0].Truncated, answer.Results[0].FromCache) = (true, true);
            answer.Results[1] = new ScoreResult { Error = new ItemError { Code = ErrorCode.TooLong, Message = "Too long." } };
            answer.Results[2] = new ScoreResult();
            return Task.FromResult(answer);
        };
        var results = await _client.ScoreAsync(
            [RewardItem.Text("p", "12345"), RewardItem.Tokens([1, 2], "hash"), RewardItem.WholeText("whole"), RewardItem.Conversation(new ChatTurn("user", "a"), new ChatTurn("assistant", "b"))],
            new ScoreOptions { ModelVersion = "canary", Truncation = Truncation.KeepEnd, Cache = CacheUse.Bypass, IncludesMembers = true, Head = "helpful", RequestId = "mine" },
            Cancellation);

        Assert.Equal(
            new ScoreBatchRequest
            {
                RequestId = "mine",
                ModelVersion = "canary",
                Truncation = TruncationPolicy.KeepEnd,
                Cache = CachePolicy.Bypass,
                IncludeMembers = true,
                Head = "helpful",
                Items =
                {
                    new ScoreItem { Text = new PromptAndResponse { Prompt = "p", Response = "12345" } },
                    new ScoreItem { Tokens = new TokenSequence { TokenIds = { 1, 2 }, TokenizerHash = "hash" } },
                    new ScoreItem { WholeText = "whole" },
                    new ScoreItem { Conversation = new Conversation { Messages = { new ChatMessage { Role = "user", Content = "a" }, new ChatMessage { Role = "assistant", Content = "b" } } } },
                },
            },
            Assert.Single(_replica.Calls).Request);
        var score = results[0].Required;
        Assert.Equal([4, 6], score.Members);
        Assert.Equal(new Score(5, 2.5, 1005, .25, score.Members, 3, IsTruncated: true, IsFromCache: true, "v1"), score);
        Assert.Equal(new ItemFailure(ItemFailureCode.TooLong, "Too long."), results[1].Failure);
        Assert.Equal("Too long.", Assert.Throws<RewardItemException>(() => results[1].Required).Message);
        Assert.False(results[2].IsScored); // a result of nothing is no score of 0
    }

    [Fact]
    public async Task A_replica_that_is_unavailable_is_asked_again_with_the_same_request_id()
    {
        _replica.OnBatch = static (call, request, _) => call < 3 ? throw Error(StatusCode.Unavailable, "Draining.") : Task.FromResult(ScriptedReplica.AnswerTo(request));
        Assert.Equal(3, (await _client.ScoreAsync("p", "123", Cancellation)).Raw);

        Assert.Equal(3, _replica.Calls.Count);
        Assert.NotEmpty(Assert.Single(_replica.Calls.Select(call => call.Request.RequestId).Distinct()));
        await _client.ScoreAsync("p", "123", Cancellation);
        Assert.Equal(2, _replica.Calls.Select(call => call.Request.RequestId).Distinct().Count()); // another call, another id
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument)]
    [InlineData(StatusCode.NotFound)]
    [InlineData(StatusCode.FailedPrecondition)]
    [InlineData(StatusCode.Unauthenticated)]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.ResourceExhausted)] // without RetryInfo: a message too large stays too large
    public async Task No_other_code_is_tried_again(StatusCode code)
    {
        _replica.OnBatch = (_, _, _) => throw Error(code, "No.");
        var error = await Assert.ThrowsAsync<RewardException>(() => _client.ScoreAsync("p", "123", Cancellation));
        Assert.Equal((code, "No.", 1), (error.StatusCode, error.Message, _replica.Calls.Count));
    }

    [Fact]
    public async Task An_invalid_argument_names_its_fields()
    {
        var rich = new Google.Rpc.Status { Code = (int)Code.InvalidArgument, Message = "No items." };
        rich.Details.Add(Any.Pack(new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = "items", Description = "Give some." } } }));
        _replica.OnBatch = (_, _, _) => throw rich.ToRpcException();
        var error = await Assert.ThrowsAsync<RewardException>(() => _client.ScoreAsync([], null, Cancellation));
        Assert.Equal(new FieldViolation("items", "Give some."), Assert.Single(error.Violations));
    }

    [Fact]
    public async Task A_full_service_is_asked_again_when_it_says()
    {
        _replica.OnBatch = static (call, request, _) => call < 3 ? throw Full(.2) : Task.FromResult(ScriptedReplica.AnswerTo(request));
        var started = Stopwatch.GetTimestamp();
        await _client.ScoreAsync("p", "123", Cancellation);

        Assert.Equal(3, _replica.Calls.Count);
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, .6, 5); // 0.2 s, then 0.4 s
        Assert.Single(_replica.Calls.Select(call => call.Request.RequestId).Distinct());
    }

    [Fact]
    public async Task A_full_service_is_not_waited_for_past_the_deadline()
    {
        _replica.OnBatch = static (_, _, _) => throw Full(30);
        var error = await Assert.ThrowsAsync<RewardException>(() => _client.ScoreAsync("p", "123", Cancellation));
        Assert.Equal((StatusCode.ResourceExhausted, TimeSpan.FromSeconds(30), 1), (error.StatusCode, error.RetryAfter, _replica.Calls.Count));
    }

    [Fact]
    public async Task A_call_ends_at_its_deadline_which_the_service_knows()
    {
        var deadline = DateTime.MaxValue;
        _replica.OnBatch = async (_, request, context) =>
        {
            deadline = context.Deadline;
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return ScriptedReplica.AnswerTo(request);
        };
        var started = DateTime.UtcNow;
        var error = await Assert.ThrowsAsync<RewardException>(() =>
            _client.ScoreAsync([RewardItem.Text("p", "r")], new ScoreOptions { Timeout = TimeSpan.FromMilliseconds(300) }, Cancellation));
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.InRange(deadline - started, TimeSpan.FromSeconds(.2), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_cancelled_call_says_so_as_dot_net_does()
    {
        using var cancel = new CancellationTokenSource();
        _replica.OnBatch = async (_, request, context) =>
        {
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return ScriptedReplica.AnswerTo(request);
        };
        await Assert.ThrowsAsync<OperationCanceledException>(() => _client.ScoreAsync("p", "r", cancel.Token));
    }

    [Fact]
    public async Task Calls_take_turns_among_replicas_and_step_over_a_dead_one()
    {
        await using var other = new ScriptedReplica();
        using var client = new RewardClient(Options(_replica.Address, new Uri("http://127.0.0.1:1"), other.Address));
        await client.ScoreAsync("p", "r", Cancellation);
        await WaitForAsync(async () =>
        {
            await client.ScoreAsync("p", "r", Cancellation);
            return !other.Calls.IsEmpty && !_replica.Calls.IsEmpty; // both are connected to
        });
        var before = (_replica.Calls.Count, other.Calls.Count);
        for (var i = 0; i < 20; i++)
        {
            await client.ScoreAsync("p", "r", Cancellation);
        }
        Assert.InRange(_replica.Calls.Count - before.Item1, 8, 12);
        Assert.Equal(20, _replica.Calls.Count + other.Calls.Count - before.Item1 - before.Item2);
    }

    [Fact]
    public async Task A_replica_that_dies_between_its_connection_and_its_first_call_is_asked_once()
    {
        using var dying = new TcpListener(IPAddress.Loopback, 0);
        dying.Start();
        var address = new Uri($"http://{dying.LocalEndpoint}");
        using var client = new RewardClient(Options(_replica.Address, address) with { MaxAttempts = 1, MaxBackoff = TimeSpan.FromMinutes(1) });
        var first = client.ScoreAsync("p", "r", Cancellation);
        using (await dying.AcceptSocketAsync(Cancellation))
        {
            dying.Stop(); // with what it has accepted, it counts as connected
        }

        var failures = 0;
        foreach (var call in Enumerable.Range(0, 20))
        {
            try
            {
                await (call == 0 ? first : client.ScoreAsync("p", "r", Cancellation));
            }
            catch (RewardException exception) when (exception.StatusCode == StatusCode.Unavailable)
            {
                failures++;
            }
        }

        Assert.InRange(failures, 0, 1);
    }

    [Fact]
    public async Task A_key_or_a_token_goes_with_each_call()
    {
        await _client.ScoreAsync("p", "r", Cancellation);
        using var withKey = new RewardClient(Options(_replica.Address) with { ApiKey = "a-key" });
        await withKey.ScoreAsync("p", "r", Cancellation);
        var asked = 0;
        using var withToken = new RewardClient(Options(_replica.Address) with { BearerToken = _ => ValueTask.FromResult($"token-{++asked}") });
        await withToken.ScoreAsync("p", "r", Cancellation);
        await withToken.ScoreAsync("p", "r", Cancellation);
        Assert.Equal([null, "Bearer a-key", "Bearer token-1", "Bearer token-2"], _replica.Calls.Select(call => call.Headers.GetValue("authorization")));
    }

    internal static RewardClientOptions Options(params Uri[] addresses) =>
        new() { Addresses = addresses, InitialBackoff = TimeSpan.FromMilliseconds(20), MaxBackoff = TimeSpan.FromMilliseconds(100), Timeout = TimeSpan.FromSeconds(20) };

    private static RpcException Error(StatusCode code, string text) => new(new Grpc.Core.Status(code, text));

    private static RpcException Full(double seconds) => new Google.Rpc.Status
    {
        Code = (int)Code.ResourceExhausted,
        Message = "Full.",
        Details = { Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds)) }) },
    }.ToRpcException();

    private static async Task WaitForAsync(Func<Task<bool>> isTrueAsync)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await isTrueAsync())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(15), "it did not come true in 15 s");
        }
    }
}
