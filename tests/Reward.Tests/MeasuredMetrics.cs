using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Rlhf.Reward.Tests;

/// <summary>What the Reward service measures while this lives, of all instances in the process.</summary>
internal sealed class MeasuredMetrics : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Name, double Value, string Tags)> _values = new();

    public MeasuredMetrics()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Rlhf.Reward")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>The values of a metric, each with its tags as "name=value" in the order of names.</summary>
    public IReadOnlyList<(double Value, string Tags)> Of(string name) =>
        [.. _values.Where(value => value.Name == name).Select(value => (value.Value, value.Tags))];

    public void Observe() => _listener.RecordObservableInstruments();

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _values.Enqueue((instrument.Name, value, string.Join(' ', tags.ToArray().OrderBy(tag => tag.Key).Select(tag => $"{tag.Key}={tag.Value}"))));
}
