using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Rlhf.BackingServers.Processes;

namespace Rlhf.AppHost.Local;

/// <summary>One process of a service: started, waited for, started again when it dies, stopped.</summary>
internal sealed class Replica(
    string name, IProjectMetadata project, IReadOnlyDictionary<string, string> environment, Uri? health, ChildOutput output, Action<string> fail) : IAsyncDisposable
{
    private const int MaxRestarts = 5;

    private static readonly TimeSpan _firstDelay = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan _settled = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _stopGrace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _healthTimeout = TimeSpan.FromSeconds(5);
    private static readonly string _dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
    private static readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = _healthTimeout };

    private readonly CancellationTokenSource _stopping = new();
    private ChildProcess? _process;
    private volatile bool _isUp;
    private Task _supervision = Task.CompletedTask;

    /// <summary>Starts the process and waits until it is healthy.</summary>
    /// <exception cref="UserErrorException">It ended before it was.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var process = Launch();
        _process = process;
        await WaitUntilHealthyAsync(process, cancellationToken);
        _isUp = true;
        _supervision = SuperviseAsync(process);
    }

    /// <summary>Stops the process in order, or by force when it takes too long.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_process is { } process)
        {
            await process.StopAsync(_stopGrace);
        }

        await _supervision;
        if (_process is { } last)
        {
            await last.DisposeAsync();
        }

        _stopping.Dispose();
    }

    private ChildProcess Launch()
    {
        // As Aspire does: in the project's own folder, where its settings are.
        var start = new ProcessStartInfo(_dotnet, [project.AssemblyPath]) { WorkingDirectory = Path.GetDirectoryName(project.ProjectPath) };
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        return ChildProcess.Start(start, Write);
    }

    private void Write(string line, bool isError)
    {
        if (!_isUp && _stopping.IsCancellationRequested)
        {
            output.WriteQuietly(line); // a start that we broke off ourselves is no failure of the service
            return;
        }

        output.Write(line, isError);
    }

    private async Task WaitUntilHealthyAsync(ChildProcess process, CancellationToken cancellationToken)
    {
        while (health is not null && !await IsHealthyAsync(health, cancellationToken))
        {
            if (process.Exited.IsCompletedSuccessfully)
            {
                var reason = process.LastLines.LastOrDefault(static line => line.StartsWith("error: ", StringComparison.Ordinal))?["error: ".Length..];
                throw new UserErrorException($"{name} did not start: {reason ?? $"it ended with {Describe(await process.Exited)}; its log says more."}");
            }

            await Task.Delay(_pollInterval, cancellationToken);
        }
    }

    private static async Task<bool> IsHealthyAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(address, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // not listening yet
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false; // listening, but busy
        }
    }

    private async Task SuperviseAsync(ChildProcess process)
    {
        for (var restarts = 1; ; restarts++)
        {
            var since = Stopwatch.GetTimestamp();
            var exitCode = await process.Exited;
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            restarts = Stopwatch.GetElapsedTime(since) > _settled ? 1 : restarts;
            if (restarts > MaxRestarts)
            {
                fail($"{name} has ended {MaxRestarts + 1} times in a row, last with {Describe(exitCode)}; its log says why.");
                return;
            }

            var delay = _firstDelay * Math.Pow(2, restarts - 1);
            Terminal.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{name} has ended with {Describe(exitCode)}; starting it again in {delay.TotalSeconds} s ({restarts} of {MaxRestarts})."));
            await Task.WhenAny(Task.Delay(delay, _stopping.Token));
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            await process.DisposeAsync();
            process = Launch();
            _process = process;
        }
    }

    private static string Describe(int exitCode) => exitCode > 128
        ? string.Create(CultureInfo.InvariantCulture, $"signal {exitCode - 128}")
        : string.Create(CultureInfo.InvariantCulture, $"exit code {exitCode}");
}
