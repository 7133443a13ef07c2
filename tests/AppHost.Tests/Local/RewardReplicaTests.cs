using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Rlhf.Clients.Reward;

namespace Rlhf.AppHost.Tests.Local;

public sealed class RewardReplicaTests
{
    [Fact]
    public async Task Reward_replicas_are_started_and_their_callers_know_all_of_them()
    {
        Assert.SkipWhen(AppHostProcess.ModelPath is null, "There is no model folder to start the services with.");
        var cancellationToken = TestContext.Current.CancellationToken;
        using var appHost = new AppHostProcess("--run", "none", "--generators", "1", "--reward-replicas", "2", "--model", AppHostProcess.ModelPath ?? "");
        await appHost.WaitForLineAsync("The system stays up", cancellationToken);

        var services = appHost.Children().Select(id => (Id: id, Environment: AppHostProcess.EnvironmentOf(id)))
            .ToLookup(child => child.Environment.GetValueOrDefault("OTEL_SERVICE_NAME", ""));
        var coordinator = Assert.Single(services["coordinator"]).Environment;
        var replicas = services["reward"].ToArray();
        string[] told = [coordinator["services__reward__grpc__0"], coordinator["services__reward__grpc__1"]];
        Assert.Equal(told.Order(), replicas.Select(replica => replica.Environment["Kestrel__Endpoints__grpc__Url"]).Order());
        Assert.Single(replicas.Select(replica => replica.Environment["ConnectionStrings__cache"]).Distinct());

        // What the services are told is enough for the client, and one of the two may go.
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(told.Select((address, i) => KeyValuePair.Create($"services:reward:grpc:{i}", (string?)address))).Build();
        using var client = new RewardClient(configuration.GetRewardClientOptions());
        var before = await client.GetInfoAsync(cancellationToken);
        using var kill = Process.Start("kill", ["-KILL", $"{replicas[0].Id}"]);
        await kill.WaitForExitAsync(cancellationToken);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equivalent(before, await client.GetInfoAsync(cancellationToken));
        }
    }
}
