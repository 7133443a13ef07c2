using System.Diagnostics;
using System.Diagnostics.Metrics;
using Rlhf.V1;

namespace Rlhf.Judge;

/// <summary>What the Judge counts.</summary>
internal sealed class JudgeMetrics : IDisposable
{
    public static readonly ActivitySource Activities = new("Rlhf.Judge");
    private readonly Meter _meter;
    private readonly Counter<long> _comparisons;
    private readonly Counter<long> _rounds;
    private readonly Counter<long> _failures;
    private readonly Histogram<int> _batchItems;
    private readonly Histogram<double> _callSeconds;
    private long _comparisonCount;
    private long _samePositionCount;

    public JudgeMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("Rlhf.Judge");
        _comparisons = _meter.CreateCounter<long>("rlhf.judge.comparisons", "{comparison}", "Comparisons in both orders, by whether the judge followed the position");
        _rounds = _meter.CreateCounter<long>("rlhf.judge.rounds", "{round}", "Rounds of critique and revision");
        _failures = _meter.CreateCounter<long>("rlhf.judge.failures", "{item}", "Items without a result, by error code");
        _batchItems = _meter.CreateHistogram<int>("rlhf.judge.generator.items", "{item}", "Items in one call of the generator pool");
        _callSeconds = _meter.CreateHistogram<double>("rlhf.judge.generator.duration", "s", "Duration of one call of the generator pool");
    }

    /// <summary>Comparisons since start.</summary>
    public long Comparisons => Interlocked.Read(ref _comparisonCount);

    /// <summary>Share of them in which both orders named the same position; 0 before the first.</summary>
    public double SamePositionRate => Comparisons == 0 ? 0 : (double)Interlocked.Read(ref _samePositionCount) / Comparisons;

    public void Compared(bool samePosition)
    {
        Interlocked.Increment(ref _comparisonCount);
        if (samePosition)
        {
            Interlocked.Increment(ref _samePositionCount);
        }
        _comparisons.Add(1, KeyValuePair.Create<string, object?>("same_position", samePosition));
    }

    public void Revised() => _rounds.Add(1);

    public void Failed(ErrorCode code) => _failures.Add(1, KeyValuePair.Create<string, object?>("code", code.ToString()));

    public void Called(string method, int items, TimeSpan duration)
    {
        var tag = KeyValuePair.Create<string, object?>("method", method);
        _batchItems.Record(items, tag);
        _callSeconds.Record(duration.TotalSeconds, tag);
    }

    public void Dispose() => _meter.Dispose();
}
