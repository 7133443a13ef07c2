using System.Runtime.InteropServices;

namespace Rlhf.AppHost;

/// <summary>
/// Ctrl-C, SIGTERM, a closed terminal, and the death of a <c>dotnet run</c> that started this program ask it to stop in order.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private static readonly TimeSpan _parentInterval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly Timer? _parentWatch;

    public StopSignals()
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, Stop));
        }

        if (ParentProcess.DotnetRun() is { } parent)
        {
            _parentWatch = new Timer(_ => StopWithout(parent), null, _parentInterval, _parentInterval);
        }
    }

    /// <summary>Cancelled when the program is to stop.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>The exit code of a program that was asked to stop: 128 + the signal, as shells have it.</summary>
    public int ExitCode { get; private set; }

    public void Dispose()
    {
        _registrations.ForEach(static registration => registration.Dispose());
        _parentWatch?.Dispose();
        _stop.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true; // the default would end the program here and now
        ExitCode = context.Signal switch
        {
            PosixSignal.SIGTERM => 128 + 15,
            PosixSignal.SIGHUP => 128 + 1,
            _ => 128 + 2,
        };
        _stop.Cancel();
    }

    private void StopWithout(int parent)
    {
        if (ParentProcess.Id() != parent)
        {
            ExitCode = 1;
            _stop.Cancel();
        }
    }
}
