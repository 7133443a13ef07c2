using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Clients.Reward.Tests;

public sealed class StreamTests : IAsyncDisposable
{
    private readonly ScriptedReplica _replica = new();
    private int _read;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _replica.DisposeAsync();

    [Fact]
    public async Task What_a_lost_call_left_is_sent_again_and_every_item_is_answered_once()
    {
        var calls = 0;
        var (seen, heads) = (new List<string>(), new HashSet<string>());
        _replica.OnStream = async (requests, responses) =>
        {
            var (call, answered) = (++calls, 0);
            await foreach (var request in requests.ReadAllAsync(Cancellation))
            {
                seen.Add(request.ItemId);
                heads.Add(request.Head);
                if (call < 4 && answered == 30)
                {
                    throw new RpcException(new Status(StatusCode.Unavailable, "Draining."));
                }
                if (call == 4 || seen.Count % 3 != 0) // every third is taken and not answered
                {
                    answered++;
                    await responses.WriteAsync(new ScoreStreamResponse { ItemId = request.ItemId, Result = ScriptedReplica.ResultOf(request.Item) }, Cancellation);
                }
            }
        };
        using var client = Client(maxInFlight: 40);
        var results = await client.ScoreStreamAsync(Items(200), new ScoreOptions { Head = "helpful" }, Cancellation).ToListAsync(Cancellation);

        Assert.Equal(4, calls);
        Assert.Equal(["helpful"], heads); // also of what was sent again
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (long)i), results.Select(result => result.Index).Order());
        Assert.All(results, result => Assert.Equal(result.Index % 7, result.Result.Required.Raw));
        Assert.Equal(200, seen.Distinct().Count());
        Assert.InRange(seen.Count, 201, 200 + (3 * 40)); // only what had no answer came again
    }

    [Fact]
    public async Task Items_are_read_on_only_as_answers_are_taken()
    {
        _replica.OnStream = AnswerAllAsync;
        using var client = Client(maxInFlight: 10);
        await using var results = client.ScoreStreamAsync(Items(1000), null, Cancellation).GetAsyncEnumerator(Cancellation);
        for (var taken = 1; taken <= 50; taken++)
        {
            Assert.True(await results.MoveNextAsync());
            Assert.InRange(Volatile.Read(ref _read), taken, taken + 10);
        }
    }

    [Fact]
    public async Task A_service_that_stays_away_is_given_up_after_the_attempts()
    {
        var calls = 0;
        _replica.OnStream = (_, _) =>
        {
            calls++;
            throw new RpcException(new Status(StatusCode.Unavailable, "Draining."));
        };
        using var client = Client(maxInFlight: 10);
        var error = await Assert.ThrowsAsync<RewardException>(async () => await client.ScoreStreamAsync(Items(5), null, Cancellation).ToListAsync(Cancellation));
        Assert.Equal((StatusCode.Unavailable, "Draining.", 8), (error.StatusCode, error.Message, calls));
    }

    [Fact]
    public async Task An_end_before_the_last_answer_is_no_end()
    {
        var calls = 0;
        _replica.OnStream = (requests, responses) => ++calls == 1 ? Task.CompletedTask : AnswerAllAsync(requests, responses);
        using var client = Client(maxInFlight: 10);
        Assert.Equal(20, (await client.ScoreStreamAsync(Items(20), null, Cancellation).ToListAsync(Cancellation)).Count);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task Silence_is_a_deadline_but_not_while_nothing_is_asked()
    {
        var calls = 0;
        _replica.OnStream = async (requests, responses) =>
        {
            calls++;
            await foreach (var request in requests.ReadAllAsync(Cancellation))
            {
                if (request.Item.Text.Response.Length > 0)
                {
                    await responses.WriteAsync(new ScoreStreamResponse { ItemId = request.ItemId, Result = ScriptedReplica.ResultOf(request.Item) }, Cancellation);
                }
            }
        };
        using var client = Client(maxInFlight: 10);
        var options = new ScoreOptions { Timeout = TimeSpan.FromMilliseconds(300) };
        var results = client.ScoreStreamAsync(Slow(), options, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await results.MoveNextAsync());
        Assert.True(await results.MoveNextAsync()); // 0.6 s later
        var error = await Assert.ThrowsAsync<RewardException>(async () => await results.MoveNextAsync());
        Assert.Equal((StatusCode.DeadlineExceeded, "No answer came for 0.3 s.", 1), (error.StatusCode, error.Message, calls));

        static async IAsyncEnumerable<RewardItem> Slow()
        {
            yield return RewardItem.Text("p", "first");
            await Task.Delay(600, Cancellation);
            yield return RewardItem.Text("p", "second");
            yield return RewardItem.Text("p", "");
            await Task.Delay(Timeout.Infinite, Cancellation);
        }
    }

    [Fact]
    public async Task A_failing_source_and_a_caller_who_leaves_end_the_stream()
    {
        _replica.OnStream = AnswerAllAsync;
        using var client = Client(maxInFlight: 10);
        var error = await Assert.ThrowsAsync<InvalidDataException>(async () => await client.ScoreStreamAsync(Failing(), null, Cancellation).ToListAsync(Cancellation));
        Assert.Equal("the caller's own", error.Message);

        await foreach (var _ in client.ScoreStreamAsync(Items(1000), null, Cancellation))
        {
            break;
        }
        Assert.InRange(_read, 1, 11);

        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.ScoreStreamAsync(Items(1000), null, cancel.Token))
            {
                await cancel.CancelAsync();
            }
        });

        static async IAsyncEnumerable<RewardItem> Failing()
        {
            yield return RewardItem.Text("p", "first");
            await Task.Yield();
            throw new InvalidDataException("the caller's own");
        }
    }

    [Fact]
    public async Task An_item_over_the_message_limit_is_an_error_and_no_silence()
    {
        _replica.OnStream = AnswerAllAsync;
        using var client = Client(maxInFlight: 10);
        var error = await Assert.ThrowsAsync<RewardException>(async () => await client
            .ScoreStreamAsync(AsyncEnumerable.Repeat(RewardItem.WholeText(new string('x', 65 << 20)), 1), null, Cancellation).ToListAsync(Cancellation));
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
    }

    private static async Task AnswerAllAsync(IAsyncStreamReader<ScoreStreamRequest> requests, IServerStreamWriter<ScoreStreamResponse> responses)
    {
        await foreach (var request in requests.ReadAllAsync(Cancellation))
        {
            await responses.WriteAsync(new ScoreStreamResponse { ItemId = request.ItemId, Result = ScriptedReplica.ResultOf(request.Item) }, Cancellation);
        }
    }

    private RewardClient Client(int maxInFlight) => new(CallTests.Options(_replica.Address) with { MaxItemsInFlight = maxInFlight });

    private async IAsyncEnumerable<RewardItem> Items(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Interlocked.Increment(ref _read);
            yield return RewardItem.Text("p", new string('x', i % 7));
            await Task.Yield();
        }
    }
}
