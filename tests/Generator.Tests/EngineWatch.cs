using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Rlhf.Generator.Tests;

/// <summary>Reads the engine's metrics while it lives; other tests' work is in them too.</summary>
internal sealed class EngineWatch : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _tokens;
    private int _requests = -1;

    public EngineWatch(IServiceProvider services)
    {
        var factory = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Rlhf.Generator" && ReferenceEquals(instrument.Meter.Scope, factory))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref _tokens, count));
        _listener.SetMeasurementEventCallback<int>((instrument, count, _, _) =>
        {
            if (instrument.Name == "rlhf.generator.requests")
            {
                Volatile.Write(ref _requests, count);
            }
        });
        _listener.Start();
    }

    public long TokensDrawn => Volatile.Read(ref _tokens);

    /// <summary>Waits until the engine has nothing to do.</summary>
    public async Task UntilIdleAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _requests) != 0)
        {
            await Task.Delay(5, cancellationToken);
        }
    }

    public void Dispose() => _listener.Dispose();
}
