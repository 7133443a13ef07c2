using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Grpc.Core;
using Rlhf.BackingServers.Processes;
using Rlhf.Clients.Reward;
using Rlhf.Testing;

namespace Rlhf.Reward.Tests;

/// <summary>The Reward service as a process of its own, that can be killed.</summary>
internal sealed class RewardProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;
    private readonly string _folder;

    private RewardProcess(ChildProcess process, string folder, string address) => (_process, _folder, Address) = (process, folder, address);

    /// <summary>Of the gRPC endpoint.</summary>
    public string Address { get; }

    /// <summary>Starts a replica of a group and waits until it answers.</summary>
    public static async Task<RewardProcess> StartAsync(
        BackingServersFixture servers, PublishingLearner learner, string group, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("rlhf-reward-process-").FullName;
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var project = Path.Combine(Fixtures.RepositoryRoot(), "src", "Services", "Reward");
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        var start = new ProcessStartInfo(dotnet, [Path.Combine(Fixtures.RepositoryRoot(), "artifacts", "bin", "Reward", configuration, "Rlhf.Reward.dll")])
        {
            WorkingDirectory = project,
        };
        var ports = TcpPorts.FindFree(2);
        var address = $"http://127.0.0.1:{ports[0]}";
        foreach (var (key, value) in new Dictionary<string, string>
        {
            ["Kestrel__Endpoints__grpc__Url"] = address,
            ["Kestrel__Endpoints__http__Url"] = $"http://127.0.0.1:{ports[1]}",
            ["ConnectionStrings__messaging"] = servers.Messaging,
            ["ConnectionStrings__cache"] = servers.Cache,
            ["services__learner__grpc__0"] = learner.Address,
            ["Model__Path"] = TinyModels.WriteBase(Path.Combine(folder, "base")),
            ["Data__Path"] = Path.Combine(folder, "data"),
            ["Versions__Group"] = group,
            ["Torch__Threads"] = "1",
            ["OMP_NUM_THREADS"] = "1",
            ["RLHF_PARENT_PID"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        })
        {
            start.Environment[key] = value;
        }
        var replica = new RewardProcess(ChildProcess.Start(start, onLine: null), folder, address);
        await replica.WaitUntilAnsweringAsync(cancellationToken);
        return replica;
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await _process.KillAsync();
        await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task WaitUntilAnsweringAsync(CancellationToken cancellationToken)
    {
        using var client = new RewardClient(Address);
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await client.GetInfoAsync(cancellationToken);
                return;
            }
            catch (RewardException exception) when (exception.StatusCode == StatusCode.Unavailable)
            {
                Assert.False(_process.Exited.IsCompleted, $"The service ended: {string.Join('\n', _process.LastLines)}");
                Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(60), "The service did not answer within 60 s.");
            }
        }
    }
}
