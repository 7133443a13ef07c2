using System.Runtime.InteropServices;

namespace Rlhf.Learner.CommandLine;

/// <summary>Ctrl-C, SIGTERM and a closed terminal ask a training to end between two updates.</summary>
internal sealed class InterruptSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public InterruptSignals()
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, Stop));
        }
    }

    /// <summary>Cancelled when it is to end.</summary>
    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _stop.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true; // the default would end the program in the middle of an update
        _stop.Cancel();
    }
}
