using System.Diagnostics.Metrics;
using Rlhf.LanguageModels.Sampling;

namespace Rlhf.Generator;

/// <summary>What the pool's operators watch.</summary>
internal sealed class GeneratorMetrics
{
    private readonly Counter<long> _tokens;
    private readonly Histogram<double> _seconds;
    private readonly Histogram<int> _rows;

    public GeneratorMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Rlhf.Generator");
        _tokens = meter.CreateCounter<long>("rlhf.generator.tokens", "{token}", "Tokens drawn");
        _seconds = meter.CreateHistogram<double>("rlhf.generator.batch.duration", "s", "Duration of a batch of samples");
        _rows = meter.CreateHistogram<int>("rlhf.generator.batch.rows", "{sample}", "Samples in a batch");
    }

    /// <summary>Counts a finished batch.</summary>
    public void Sampled(IReadOnlyList<SampledSequence> sampled, TimeSpan duration)
    {
        _tokens.Add(sampled.Sum(s => (long)s.TokenIds.Length));
        _seconds.Record(duration.TotalSeconds);
        _rows.Record(sampled.Count);
    }
}
