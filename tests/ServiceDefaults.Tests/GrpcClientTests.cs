using Grpc.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.V1;

namespace Rlhf.ServiceDefaults.Tests;

public sealed class GrpcClientTests
{
    [Fact]
    public async Task Calls_spread_over_replicas_and_step_over_a_dead_one()
    {
        var counts = new int[2];
        await using var first = await Counting(0);
        await using var second = await Counting(1);
        var client = ClientOf(first.Grpc, "http://127.0.0.1:1", second.Grpc);

        for (var i = 0; i < 12; i++)
        {
            await client.TokenizeAsync(new TokenizeRequest(), cancellationToken: TestContext.Current.CancellationToken);
        }

        Assert.Equal(12, counts.Sum());
        Assert.All(counts, static count => Assert.InRange(count, 4, 8));

        Task<LoopbackService> Counting(int index) => LoopbackService.StartAsync((_, _) =>
        {
            Interlocked.Increment(ref counts[index]);
            return Task.FromResult(new TokenizeResponse());
        });
    }

    [Fact]
    public async Task A_message_of_thirty_megabytes_passes_and_can_be_retried()
    {
        var attempts = 0;
        await using var service = await LoopbackService.StartAsync((_, _) => Interlocked.Increment(ref attempts) == 1
            ? throw new RpcException(new Status(StatusCode.Unavailable, "Draining."))
            : Task.FromResult(new TokenizeResponse()));
        var request = new TokenizeRequest { Items = { new ScoreItem { Text = new PromptAndResponse { Prompt = new string('x', 30_000_000) } } } };

        await ClientOf(service.Grpc).TokenizeAsync(request, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(2, attempts);
    }

    private static RewardService.RewardServiceClient ClientOf(params string[] addresses)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(addresses.Select(static (address, i) => KeyValuePair.Create($"services:reward:grpc:{i}", (string?)address)))
            .Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddLogging().AddServiceDiscovery();
        services.AddRlhfGrpcClient<RewardService.RewardServiceClient>("reward");
        return services.BuildServiceProvider().GetRequiredService<RewardService.RewardServiceClient>();
    }
}
