using System.Net;
using System.Net.Http.Headers;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.Reward.Engine;
using Rlhf.V1;

namespace Rlhf.Reward.Tests;

public sealed class RobustnessTests(BackingServersFixture servers) : IAsyncLifetime
{
    private RunningReward? _reward;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RunningReward Reward => _reward ?? throw new InvalidOperationException("The service is not running.");

    private ScoringEngine Engine => Reward.Services.GetRequiredService<ScoringEngine>();

    public async ValueTask InitializeAsync()
    {
        _reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache, ("Reward:MaxTokensPerBatch", "64"));
        await Reward.PublishAsync("v1", seed: 1);
        await Reward.Client.ScoreBatchAsync(Request(1), cancellationToken: Cancellation); // it is in memory
    }

    public ValueTask DisposeAsync() => Reward.DisposeAsync();

    [Fact]
    public async Task A_deadline_reaches_the_queue()
    {
        using var metrics = new MeasuredMetrics();
        using var gate = BlockEngine();
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await Reward.Client.ScoreBatchAsync(Request(50), deadline: DateTime.UtcNow.AddMilliseconds(300), cancellationToken: Cancellation));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        await WaitForAsync(() => Engine.QueuedItems == 0); // while the engine is still busy with something else
        gate.Set();
        await Reward.Client.ScoreBatchAsync(Request(1), cancellationToken: Cancellation);
        Assert.Equal(1, metrics.Of("rlhf.reward.pass.items").Sum(pass => pass.Value)); // none of the fifty was computed
    }

    [Fact]
    public async Task A_client_that_vanishes_takes_its_work_with_it()
    {
        using var gate = BlockEngine();
        using (var channel = GrpcChannel.ForAddress(Reward.Address))
        {
            var client = new RewardService.RewardServiceClient(channel);
            var calls = Enumerable.Range(0, 5).Select(_ => client.ScoreBatchAsync(Request(20), cancellationToken: Cancellation).ResponseAsync).ToArray();
            var streams = Enumerable.Range(0, 5).Select(_ => client.ScoreStream(cancellationToken: Cancellation)).ToArray();
            foreach (var stream in streams)
            {
                await stream.RequestStream.WriteAsync(new ScoreStreamRequest { ItemId = "a", Item = Item("a"), Cache = CachePolicy.Bypass }, Cancellation);
            }
            await WaitForAsync(() => Engine.QueuedItems == 105);
            channel.Dispose();
            await Assert.ThrowsAnyAsync<Exception>(() => Task.WhenAll(calls));
        }
        await WaitForAsync(() => Engine.QueuedItems == 0);
        gate.Set();
        Assert.Null((await Reward.Client.ScoreBatchAsync(Request(1), cancellationToken: Cancellation)).Results[0].Error);
    }

    [Fact]
    public async Task A_huge_batch_does_not_hold_up_a_small_caller()
    {
        using var gate = BlockEngine();
        using var channel = GrpcChannel.ForAddress(Reward.Address);
        var large = new RewardService.RewardServiceClient(channel).ScoreBatchAsync(Request(4000), cancellationToken: Cancellation).ResponseAsync;
        await WaitForAsync(() => Engine.QueuedItems == 4000);
        var small = Reward.Client.ScoreBatchAsync(Request(1), cancellationToken: Cancellation).ResponseAsync;
        await WaitForAsync(() => Engine.QueuedItems == 4001);

        gate.Set();

        Assert.Null((await small).Results[0].Error);
        Assert.True(Engine.QueuedItems > 1000, $"{Engine.QueuedItems} of 4000 wait still");
        Assert.Equal(4000, (await large).Results.Count);
    }

    [Fact]
    public async Task A_hundred_thousand_items_are_refused_with_the_limit()
    {
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Reward.Client.ScoreBatchAsync(Request(100_000), cancellationToken: Cancellation));
        Assert.Equal((StatusCode.InvalidArgument, "There are 100000 items; 1 to 4096 are taken in one call."), (error.StatusCode, error.Status.Detail));
        Assert.Equal("items", error.GetRpcStatus()?.GetDetail<BadRequest>()?.FieldViolations[0].Field);
    }

    [Fact]
    public async Task A_message_of_a_hundred_megabytes_is_refused_at_both_doors_and_the_others_go_on()
    {
        using var channel = GrpcChannel.ForAddress(Reward.Address, new GrpcChannelOptions { MaxSendMessageSize = null });
        var request = new ScoreBatchRequest { Items = { Item(new string('x', 100 << 20)) } };
        var refused = Assert.ThrowsAsync<RpcException>(async () =>
            await new RewardService.RewardServiceClient(channel).ScoreBatchAsync(request, cancellationToken: Cancellation));
        for (var i = 0; i < 20; i++)
        {
            await Reward.Client.ScoreBatchAsync(Request(3), cancellationToken: Cancellation);
        }
        var error = await refused;
        Assert.Equal((StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size."), (error.StatusCode, error.Status.Detail));

        using var post = new HttpRequestMessage(HttpMethod.Post, "/v1/score") { Content = new ByteArrayContent(new byte[100 << 20]) };
        post.Headers.ExpectContinue = true; // else the answer comes while the body is being sent, and the client breaks off
        using var response = await Reward.Http.SendAsync(post, Cancellation);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("\"code\":\"RESOURCE_EXHAUSTED\"", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_malformed_protobuf_is_an_error_of_that_call()
    {
        using var http = new HttpClient { BaseAddress = new Uri(Reward.Address) };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/rlhf.v1.RewardService/ScoreBatch")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 4, 0xFF, 0xFF, 0xFF, 0xFF]),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        using var response = await http.SendAsync(request, Cancellation);
        await response.Content.ReadAsByteArrayAsync(Cancellation);

        var status = response.TrailingHeaders.TryGetValues("grpc-status", out var values) ? values : response.Headers.GetValues("grpc-status");
        Assert.Equal(["2"], status); // UNKNOWN: the gRPC library's own answer
        Assert.Null((await Reward.Client.ScoreBatchAsync(Request(1), cancellationToken: Cancellation)).Results[0].Error);
    }

    [Fact]
    public async Task A_stream_that_is_not_read_is_not_read_from_either_and_goes_on_when_it_is()
    {
        using var channel = GrpcChannel.ForAddress(Reward.Address);
        using var call = new RewardService.RewardServiceClient(channel).ScoreStream(cancellationToken: Cancellation);
        var text = new string('x', 60);
        var written = 0;
        var isStalled = false;
        while (!isStalled)
        {
            Assert.True(written < 100_000, "a client that reads nothing could send without end");
            var writing = call.RequestStream.WriteAsync(new ScoreStreamRequest { ItemId = $"{written++}", Item = Item(text) }, Cancellation);
            isStalled = await IsStalledAsync(writing);
            if (isStalled)
            {
                Assert.Single((await Reward.Client.ScoreBatchAsync(Request(1), cancellationToken: Cancellation)).Results);
                var ids = new HashSet<string>();
                var reading = ReadAllAsync(call, response => ids.Add(response.ItemId));
                await writing;
                await call.RequestStream.CompleteAsync();
                await reading.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
                Assert.Equal(written, ids.Count);
            }
        }
    }

    [Fact]
    public async Task An_endless_stream_leaves_nothing_behind()
    {
        using var call = Reward.Client.ScoreStream(cancellationToken: Cancellation);
        var answered = 0;
        var reading = ReadAllAsync(call, _ => answered++);
        await SendAsync(2000);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await SendAsync(8000);
        var after = GC.GetTotalMemory(forceFullCollection: true);
        await call.RequestStream.CompleteAsync();
        await reading;

        Assert.Equal(10_000, answered);
        Assert.True(after - before < 4 << 20, $"{(after - before) >> 10} KiB more after 8,000 items");

        async Task SendAsync(int items)
        {
            for (var i = 0; i < items; i++)
            {
                await call.RequestStream.WriteAsync(new ScoreStreamRequest { ItemId = $"{i}", Item = Item("a") }, Cancellation);
            }
        }
    }

    private static ScoreItem Item(string response) => new() { Text = new PromptAndResponse { Prompt = "Hello?", Response = response } };

    private static ScoreBatchRequest Request(int items) => new() { Cache = CachePolicy.Bypass, Items = { Enumerable.Range(0, items).Select(i => Item($"{i}")) } };

    private static async Task ReadAllAsync(AsyncDuplexStreamingCall<ScoreStreamRequest, ScoreStreamResponse> call, Action<ScoreStreamResponse> use)
    {
        await foreach (var response in call.ResponseStream.ReadAllAsync(Cancellation))
        {
            use(response);
        }
    }

    private static async Task WaitForAsync(Func<bool> isTrue)
    {
        for (var waited = 0; !isTrue(); waited += 20)
        {
            Assert.True(waited < 15_000, "it did not come true in 15 s");
            await Task.Delay(20, Cancellation);
        }
    }

    // Nothing is read although the engine has nothing to do.
    private async Task<bool> IsStalledAsync(Task writing)
    {
        for (var idle = 0; idle < 10; idle = Engine.QueuedItems == 0 ? idle + 1 : 0)
        {
            if (await Task.WhenAny(writing, Task.Delay(100, Cancellation)) == writing)
            {
                return false;
            }
        }
        return true;
    }

    // The engine's thread disposes of models between passes: of this one it doesn't finish to.
    private Gate BlockEngine()
    {
        var gate = new Gate();
        Engine.DisposeAfterPass(gate.Blocked);
        return gate;
    }

    private sealed class Gate : IDisposable
    {
        private readonly ManualResetEventSlim _open = new();

        public Gate() => Blocked = new Blocker(_open);

        public IDisposable Blocked { get; }

        public void Set() => _open.Set();

        public void Dispose() => _open.Set();

        private sealed class Blocker(ManualResetEventSlim open) : IDisposable
        {
            public void Dispose() => open.Wait();
        }
    }
}
