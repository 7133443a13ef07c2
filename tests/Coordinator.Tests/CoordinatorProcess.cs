using System.Diagnostics;
using Rlhf.BackingServers.Processes;
using Rlhf.Testing;
using Rlhf.V1;

namespace Rlhf.Coordinator.Tests;

/// <summary>The Coordinator as a process of its own, so that it can be killed, and seen at its start.</summary>
internal sealed class CoordinatorProcess : IDisposable
{
    private readonly Process _process;

    private CoordinatorProcess(Process process, string grpcAddress, string httpAddress) =>
        (_process, GrpcAddress, HttpAddress) = (process, grpcAddress, httpAddress);

    public string GrpcAddress { get; }

    /// <summary>Of the console, without a slash at its end.</summary>
    public string HttpAddress { get; }

    /// <summary>Starts it and waits until it says that it is healthy.</summary>
    /// <param name="settings">Its configuration.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<CoordinatorProcess> StartAsync(IReadOnlyDictionary<string, string?> settings, CancellationToken cancellationToken)
    {
        var ports = TcpPorts.FindFree(2);
        var (grpc, http) = ($"http://127.0.0.1:{ports[0]}", $"http://127.0.0.1:{ports[1]}");
        var program = Path.Combine(
            Fixtures.RepositoryRoot(), "artifacts", "bin", "Coordinator", new DirectoryInfo(AppContext.BaseDirectory).Name, "Rlhf.Coordinator.dll");

        // The console's files lie beside its project.
        var start = new ProcessStartInfo("dotnet", [program]) { WorkingDirectory = Path.Combine(Fixtures.RepositoryRoot(), "src", "Services", "Coordinator") };
        foreach (var (key, value) in settings)
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        start.Environment["Kestrel__Endpoints__grpc__Url"] = grpc;
        start.Environment["Kestrel__Endpoints__http__Url"] = http;
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        var started = new CoordinatorProcess(Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start."), grpc, http);
        using var client = new HttpClient();
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync($"{http}/health", cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return started;
                }
            }
            catch (HttpRequestException)
            {
                Assert.False(started._process.HasExited, "the Coordinator ended at its start");
            }

            await Task.Delay(20, cancellationToken);
        }
    }

    /// <summary>Waits until people can label.</summary>
    /// <param name="token">Of a labeller, to ask with.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task WaitForLabellingAsync(string token, CancellationToken cancellationToken)
    {
        var client = CoordinatorHarness.Feedback(GrpcAddress, token);
        while ((await client.GetProgressAsync(new GetFeedbackProgressRequest(), cancellationToken: cancellationToken)).State != LabellingState.Open)
        {
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
