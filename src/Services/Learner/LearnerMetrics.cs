using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Rlhf.Learner;

/// <summary>The figures of the newest training step as metrics of meter "Rlhf.Learner": rlhf.learner.loss, rlhf.learner.kl, …</summary>
internal sealed class LearnerMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _steps;
    private readonly ConcurrentDictionary<string, Gauge<double>> _gauges = new(StringComparer.Ordinal);

    public LearnerMetrics(IMeterFactory factory)
    {
        _meter = factory.Create("Rlhf.Learner");
        _steps = _meter.CreateCounter<long>("rlhf.learner.steps", description: "Training steps done.");
    }

    /// <summary>Records a step.</summary>
    /// <param name="method">"sft", "reward-model", "ppo" or "dpo".</param>
    /// <param name="values">The step's figures by name.</param>
    public void Record(string method, IReadOnlyDictionary<string, double> values)
    {
        var tag = new KeyValuePair<string, object?>("method", method);
        _steps.Add(1, tag);
        foreach (var (name, value) in values)
        {
            _gauges.GetOrAdd(name, n => _meter.CreateGauge<double>($"rlhf.learner.{n}")).Record(value, tag);
        }
    }

    public void Dispose() => _meter.Dispose();
}
