using System.Diagnostics.Metrics;
using Rlhf.LanguageModels.Sampling.Batching;

namespace Rlhf.Generator;

/// <summary>What the pool's operators watch.</summary>
internal sealed class GeneratorMetrics
{
    private readonly Counter<long> _tokens;
    private readonly Histogram<double> _seconds;
    private readonly Histogram<int> _rows;
    private readonly Gauge<int> _requests;

    public GeneratorMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Rlhf.Generator");
        _tokens = meter.CreateCounter<long>("rlhf.generator.tokens", "{token}", "Tokens drawn");
        _seconds = meter.CreateHistogram<double>("rlhf.generator.step.duration", "s", "Duration of a step of a version's batch");
        _rows = meter.CreateHistogram<int>("rlhf.generator.step.rows", "{token}", "Tokens that a step ran through the model");
        _requests = meter.CreateGauge<int>("rlhf.generator.requests", "{request}", "Requests in a batch, or waiting for one");
    }

    /// <summary>Says how much there is to do.</summary>
    public void InWork(int requests) => _requests.Record(requests);

    /// <summary>Counts a step.</summary>
    public void Stepped(StepCounts counts, TimeSpan duration)
    {
        _tokens.Add(counts.Drawn);
        _seconds.Record(duration.TotalSeconds);
        _rows.Record(counts.Rows);
    }
}
