using System.Diagnostics;
using Grpc.Core;
using Rlhf.BackingServers.Processes;
using Rlhf.Testing;
using Rlhf.V1;

namespace Rlhf.Coordinator.Tests;

/// <summary>The Coordinator as a process of its own, so that it can be killed.</summary>
internal sealed class CoordinatorProcess : IDisposable
{
    private readonly Process _process;

    private CoordinatorProcess(Process process, string grpcAddress) => (_process, GrpcAddress) = (process, grpcAddress);

    public string GrpcAddress { get; }

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="settings">Its configuration.</param>
    /// <param name="token">Of a labeller, to ask with.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<CoordinatorProcess> StartAsync(
        IReadOnlyDictionary<string, string?> settings, string token, CancellationToken cancellationToken)
    {
        var ports = TcpPorts.FindFree(2);
        var grpc = $"http://127.0.0.1:{ports[0]}";
        var program = Path.Combine(
            Fixtures.RepositoryRoot(), "artifacts", "bin", "Coordinator", new DirectoryInfo(AppContext.BaseDirectory).Name, "Rlhf.Coordinator.dll");
        var start = new ProcessStartInfo("dotnet", [program]) { WorkingDirectory = Path.GetDirectoryName(program) };
        foreach (var (key, value) in settings)
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        start.Environment["Kestrel__Endpoints__grpc__Url"] = grpc;
        start.Environment["Kestrel__Endpoints__http__Url"] = $"http://127.0.0.1:{ports[1]}";
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        var started = new CoordinatorProcess(Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start."), grpc);
        var client = CoordinatorHarness.Feedback(grpc, token);
        while (true)
        {
            try
            {
                var next = await client.GetProgressAsync(
                    new GetFeedbackProgressRequest(), new CallOptions(cancellationToken: cancellationToken).WithWaitForReady());
                if (next.State == LabellingState.Open)
                {
                    return started;
                }
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.Unavailable)
            {
                Assert.False(started._process.HasExited, "the Coordinator ended at its start");
            }

            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
