using System.Diagnostics;

namespace Rlhf.BackingServers.Processes;

/// <summary>
/// A process that ends with this one. It has its own session: Ctrl-C in the terminal reaches only this process, which then stops
/// its children in order.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const string SetSid = "/usr/bin/setsid";
    private const int RememberedLines = 40;

    private static readonly TimeSpan _killWait = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly int _target;
    private readonly Queue<string> _lastLines = new();
    private readonly Task _reading;

    private ChildProcess(Process process, Action<string, bool>? onLine)
    {
        _process = process;
        Id = process.Id;
        _target = HasSetSid ? -Id : Id;
        ProcessGuard.Add(_target);
        _reading = Task.WhenAll(
            ReadAsync(process.StandardOutput, isError: false, onLine),
            ReadAsync(process.StandardError, isError: true, onLine));
        Exited = WaitAsync();
    }

    /// <summary>The process id.</summary>
    public int Id { get; }

    /// <summary>Completes with the exit code when the process has ended (128 + the signal when one ended it).</summary>
    public Task<int> Exited { get; }

    /// <summary>The newest lines the process wrote, oldest first.</summary>
    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (_lastLines)
            {
                return [.. _lastLines];
            }
        }
    }

    private static bool HasSetSid { get; } = File.Exists(SetSid);

    /// <summary>Starts a process with no input.</summary>
    /// <param name="start">What to start; its redirections are set here.</param>
    /// <param name="onLine">Given each line and whether it came on the error stream, from any thread.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no such program.</exception>
    public static ChildProcess Start(ProcessStartInfo start, Action<string, bool>? onLine)
    {
        ArgumentNullException.ThrowIfNull(start);
        var own = InOwnSession(start);
        own.RedirectStandardInput = true;
        own.RedirectStandardOutput = true;
        own.RedirectStandardError = true;
        var process = Process.Start(own) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
        process.StandardInput.Close();
        return new ChildProcess(process, onLine);
    }

    /// <summary>Asks the process to stop; kills it, with all it started, when it has not after the grace period.</summary>
    public Task StopAsync(TimeSpan grace) => StopAsync(grace, Signals.Terminate);

    /// <summary>Asks the process to stop with the signal that it takes for that.</summary>
    internal async Task StopAsync(TimeSpan grace, int signal)
    {
        if (!Exited.IsCompleted)
        {
            Signals.Send(Id, signal);
            await Task.WhenAny(Exited, Task.Delay(grace));
        }

        await KillAsync();
    }

    /// <summary>Kills the process and all it started, at once.</summary>
    public async Task KillAsync()
    {
        if (!Exited.IsCompleted)
        {
            Signals.Send(_target, Signals.Kill);
            await Exited.WaitAsync(_killWait);
        }
    }

    /// <summary>Kills what is still running.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    /// <summary>The same program as the leader of a new session and process group, where the system has setsid(1).</summary>
    internal static ProcessStartInfo InOwnSession(ProcessStartInfo start)
    {
        if (HasSetSid)
        {
            start.ArgumentList.Insert(0, start.FileName);
            start.FileName = SetSid;
        }

        return start;
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();
        if (HasSetSid)
        {
            Signals.Send(_target, Signals.Kill); // helpers that the process left behind in its group
        }

        // What the process started may hold its output open; its own last lines are there at once.
        await Task.WhenAny(_reading, Task.Delay(TimeSpan.FromMilliseconds(500)));
        ProcessGuard.Remove(_target);
        return _process.ExitCode;
    }

    private async Task ReadAsync(StreamReader reader, bool isError, Action<string, bool>? onLine)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lastLines)
            {
                _lastLines.Enqueue(line);
                if (_lastLines.Count > RememberedLines)
                {
                    _lastLines.Dequeue();
                }
            }

            onLine?.Invoke(line, isError);
        }
    }
}
