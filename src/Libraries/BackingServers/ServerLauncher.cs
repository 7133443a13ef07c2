using Rlhf.BackingServers.Processes;

namespace Rlhf.BackingServers;

/// <summary>Starts a server and waits until it answers, on another port when somebody takes its port first.</summary>
internal static class ServerLauncher
{
    private const int MaxPortAttempts = 5;

    private static readonly TimeSpan _startTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _pollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Calls <paramref name="start"/> until its process stays and <paramref name="answers"/> says yes.</summary>
    /// <param name="name">The server's name, for messages.</param>
    /// <param name="start">Starts the process, on new ports each time.</param>
    /// <param name="answers">Whether the server speaks its protocol yet.</param>
    /// <param name="canRetry">Whether other ports may be tried: not when the caller chose the port.</param>
    /// <param name="cancellationToken">Gives up; what was started is ended.</param>
    /// <exception cref="BackingServerException">It ended, or did not answer in a minute.</exception>
    public static async Task<ChildProcess> StartAsync(
        string name, Func<ChildProcess> start, Func<CancellationToken, Task<bool>> answers, bool canRetry, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var process = start();
            if (await IsReadyAsync(name, process, answers, cancellationToken))
            {
                return process;
            }

            var lines = process.LastLines;
            await process.DisposeAsync();
            if (!canRetry || attempt == MaxPortAttempts || !lines.Any(IsAboutAPort))
            {
                throw new BackingServerException($"{name} did not start: {string.Join(" | ", lines.TakeLast(5))}");
            }
        }
    }

    private static async Task<bool> IsReadyAsync(
        string name, ChildProcess process, Func<CancellationToken, Task<bool>> answers, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_startTimeout);
        try
        {
            while (!process.Exited.IsCompleted)
            {
                if (await answers(timeout.Token))
                {
                    return true;
                }

                await Task.Delay(_pollInterval, timeout.Token);
            }

            return false;
        }
        catch (OperationCanceledException)
        {
            await process.DisposeAsync();
            cancellationToken.ThrowIfCancellationRequested();
            throw new BackingServerException(
                $"{name} did not answer within {_startTimeout.TotalSeconds:0} s: {string.Join(" | ", process.LastLines.TakeLast(5))}");
        }
    }

    private static bool IsAboutAPort(string line)
        => line.Contains("in use", StringComparison.OrdinalIgnoreCase) || line.Contains("eaddrinuse", StringComparison.OrdinalIgnoreCase);
}
