using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.Generator.Requests;
using Rlhf.V1;

namespace Rlhf.Generator.Tests;

public sealed class CapacityTests(GeneratorFixture generator)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Callers_beyond_the_capacity_are_told_when_to_try_again_and_then_served()
    {
        await using var host = await generator.StartAnotherAsync(new Dictionary<string, string?> { ["Generator:MaxWaitingRequests"] = "2" });
        using var http = new HttpClient { BaseAddress = host.Address };
        object chat = new { model = "base", max_tokens = 1, messages = new[] { new { role = "user", content = "Hi" } } };
        object text = new { model = "base", max_tokens = 1, prompt = new[] { "a", "b" } };
        var batch = new GenerateBatchRequest { Requests = { GenerationServiceTests.Request("a"), GenerationServiceTests.Request("b") } };
        var scores = new ScoreTokensRequest { Items = { Enumerable.Repeat(new ScoreTokensItem { Prompt = new Prompt { Text = "a" }, Text = "b" }, 2) } };

        // Another caller's places.
        using (host.Services.GetRequiredService<WaitingRoom>().Enter(1))
        {
            using var refused = await http.PostAsJsonAsync("/v1/completions", text, _cancellation);
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
            var error = (await refused.Content.ReadFromJsonAsync<JsonElement>(_cancellation)).GetProperty("error");
            Assert.Equal(("requests", "rate_limit_exceeded"), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
            Assert.Contains("try again", error.GetProperty("message").GetString(), StringComparison.Ordinal);

            RequireRetry(await Assert.ThrowsAsync<RpcException>(async () => await host.Client.GenerateBatchAsync(batch, cancellationToken: _cancellation)));
            RequireRetry(await Assert.ThrowsAsync<RpcException>(async () => await host.Client.ScoreTokensAsync(scores, cancellationToken: _cancellation)));
            await RequireServedAsync(http, "/v1/chat/completions", chat); // the place that is left
            using var second = host.Services.GetRequiredService<WaitingRoom>().Enter(1);
            using var stream = host.Client.Generate(GenerationServiceTests.Request("a"), cancellationToken: _cancellation);
            RequireRetry(await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(_cancellation)));
        }

        // Nothing of what was refused or served has kept a place.
        await RequireServedAsync(http, "/v1/completions", text);
        Assert.All((await host.Client.GenerateBatchAsync(batch, cancellationToken: _cancellation)).Results, result => Assert.Null(result.Error));
        Assert.All((await host.Client.ScoreTokensAsync(scores, cancellationToken: _cancellation)).Results, result => Assert.Null(result.Error));
    }

    [Fact]
    public void A_call_that_is_larger_than_the_room_comes_when_nobody_else_is_there()
    {
        var room = new WaitingRoom(new GeneratorOptions { MaxWaitingRequests = 3 });
        using (var large = room.Enter(10))
        {
            Assert.Throws<OverCapacityException>(() => room.Enter(1));
            large.Dispose();
            using var again = room.Enter(3); // once left is left once, however often it is disposed
            Assert.Throws<OverCapacityException>(() => room.Enter(1));
        }

        using var last = room.Enter(3);
        Assert.Throws<OverCapacityException>(() => room.Enter(10));
    }

    private async Task RequireServedAsync(HttpClient http, string path, object body)
    {
        using var response = await http.PostAsJsonAsync(path, body, _cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static void RequireRetry(RpcException error)
    {
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Equal(1, error.GetRpcStatus()?.GetDetail<RetryInfo>()?.RetryDelay.Seconds);
    }
}
