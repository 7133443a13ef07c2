using Grpc.Core;
using Rlhf.Judge.Generating;
using Rlhf.V1;

namespace Rlhf.Judge.Tests;

public sealed class GeneratorPoolTests : IAsyncDisposable
{
    private readonly JudgeParts _judge = new(new JudgeOptions { CollectMilliseconds = 200, MaxItemsPerCall = 16, PatienceSeconds = 5 });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _judge.DisposeAsync();

    [Fact]
    public async Task Concurrent_items_go_out_in_few_calls_and_each_gets_its_own_answer()
    {
        _judge.Generator.OnGenerate = request => ScriptedGenerator.Text("to " + request.Prompt.Text);

        var texts = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => SampleAsync($"{i}")));

        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"to {i}"), texts);
        Assert.Equal([16, 16, 8], _judge.Generator.GenerateCalls.Select(call => call.Requests.Count));
    }

    [Fact]
    public async Task A_failed_item_fails_alone()
    {
        _judge.Generator.OnGenerate = request => request.Prompt.Text == "long"
            ? new GenerateResult { Error = new ItemError { Code = ErrorCode.TooLong, Message = "600 tokens, 512 fit" } }
            : ScriptedGenerator.Text("fine");

        var good = SampleAsync("short");
        var error = await Assert.ThrowsAsync<ItemFailedException>(() => SampleAsync("long"));

        Assert.Equal(new ItemError { Code = ErrorCode.TooLong, Message = "600 tokens, 512 fit" }, error.Error);
        Assert.Equal("fine", await good);
    }

    [Fact]
    public async Task A_pool_that_is_unavailable_for_a_while_is_asked_again()
    {
        _judge.Generator.Failures.Enqueue(new RpcException(new Status(StatusCode.Unavailable, "starting")));
        _judge.Generator.Failures.Enqueue(new RpcException(new Status(StatusCode.Unavailable, "starting")));

        Assert.Equal("An answer.", await SampleAsync("hello"));
        Assert.Equal(3, _judge.Generator.GenerateCalls.Count);
    }

    [Fact]
    public async Task A_pool_that_stays_unavailable_fails_the_item_with_its_reason()
    {
        await using var judge = new JudgeParts(new JudgeOptions { PatienceSeconds = 0 });
        judge.Generator.Failures.Enqueue(new RpcException(new Status(StatusCode.Unavailable, "no memory")));
        var error = await Assert.ThrowsAsync<ItemFailedException>(() => judge.Get<GeneratorPool>()
            .SampleAsync(new Prompt { Text = "hello" }, "base", new SamplingOptions(), Cancellation));

        Assert.Equal(ErrorCode.Upstream, error.Error.Code);
        Assert.Contains("no memory", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StatusCode.Internal, ErrorCode.Upstream)]
    [InlineData(StatusCode.NotFound, ErrorCode.UnknownVersion)]
    public async Task A_fault_of_the_pool_is_not_asked_again(StatusCode status, ErrorCode code)
    {
        _judge.Generator.Failures.Enqueue(new RpcException(new Status(status, "fault")));
        var error = await Assert.ThrowsAsync<ItemFailedException>(() => SampleAsync("hello"));
        Assert.Equal(code, error.Error.Code);
        Assert.Single(_judge.Generator.GenerateCalls);
    }

    [Fact]
    public async Task A_continuations_logprob_is_the_sum_over_its_tokens()
    {
        _judge.Generator.OnScore = _ => ScriptedGenerator.Logprobs(-.5f, -.25f);
        Assert.Equal(-.75, await _judge.Get<GeneratorPool>().LogprobAsync("prompt", "two tokens", "base", Cancellation));
    }

    [Theory]
    [InlineData(new float[0])]
    [InlineData(new[] { float.NaN })]
    [InlineData(new[] { float.NegativeInfinity })]
    public async Task A_logprob_that_is_not_finite_is_an_error(float[] logprobs)
    {
        _judge.Generator.OnScore = _ => ScriptedGenerator.Logprobs(logprobs);
        var error = await Assert.ThrowsAsync<ItemFailedException>(() => _judge.Get<GeneratorPool>().LogprobAsync("prompt", "A", "base", Cancellation));
        Assert.Equal(ErrorCode.NotFinite, error.Error.Code);
    }

    [Fact]
    public async Task Items_for_several_versions_go_out_in_a_call_each()
    {
        _judge.Generator.OnScore = item => ScriptedGenerator.Logprobs(item.Prompt.Text == "new" ? -2 : -1);
        var pool = _judge.Get<GeneratorPool>();

        var logprobs = await Task.WhenAll(
            pool.LogprobAsync("old", "A", "base", Cancellation), pool.LogprobAsync("new", "A", "run/ppo/v1", Cancellation), pool.LogprobAsync("old", "B", "base", Cancellation));

        Assert.Equal([-1, -2, -1], logprobs);
        Assert.Equal([("base", 2), ("run/ppo/v1", 1)],
            _judge.Generator.ScoreCalls.Select(call => (call.PolicyVersion, call.Items.Count)).Order());
    }

    [Fact]
    public async Task A_caller_who_leaves_does_not_disturb_the_others()
    {
        using var leaves = new CancellationTokenSource();
        var leaving = _judge.Get<GeneratorPool>().SampleAsync(new Prompt { Text = "a" }, "base", new SamplingOptions(), leaves.Token);
        var staying = SampleAsync("b");
        await leaves.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        Assert.Equal("An answer.", await staying);
        Assert.Equal("b", Assert.Single(_judge.Generator.GenerateCalls.Single().Requests).Prompt.Text);
    }

    private Task<string> SampleAsync(string prompt) =>
        _judge.Get<GeneratorPool>().SampleAsync(new Prompt { Text = prompt }, "base", new SamplingOptions { MaxNewTokens = 8 }, Cancellation);
}
