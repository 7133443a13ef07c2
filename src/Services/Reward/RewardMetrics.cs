using System.Diagnostics;
using System.Diagnostics.Metrics;
using Rlhf.Reward.Models;
using Rlhf.V1;

namespace Rlhf.Reward;

/// <summary>What the Reward service counts.</summary>
internal sealed class RewardMetrics : IDisposable
{
    public static readonly ActivitySource Activities = new("Rlhf.Reward");
    private readonly Meter _meter;
    private readonly Histogram<double> _queueWait;
    private readonly Histogram<double> _passSeconds;
    private readonly Histogram<int> _passItems;
    private readonly Histogram<int> _passTokens;
    private readonly Histogram<double> _passFill;
    private readonly Counter<long> _tokens;
    private readonly Histogram<double> _stageSeconds;
    private readonly Counter<long> _cacheLookups;
    private readonly Counter<long> _failures;
    private readonly Histogram<double> _scores;
    private readonly Counter<long> _returned;
    private readonly Histogram<double> _shadowDifferences;
    private readonly Counter<long> _shadowLeftOut;

    public RewardMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("Rlhf.Reward");
        _queueWait = _meter.CreateHistogram<double>("rlhf.reward.queue_wait", "s", "Time of an item between its arrival and its pass");
        _passSeconds = _meter.CreateHistogram<double>("rlhf.reward.pass.duration", "s", "Duration of one pass through a reward model");
        _passItems = _meter.CreateHistogram<int>("rlhf.reward.pass.items", "{item}", "Items of one pass");
        _passTokens = _meter.CreateHistogram<int>("rlhf.reward.pass.tokens", "{token}", "Tokens of one pass, without padding");
        _passFill = _meter.CreateHistogram<double>("rlhf.reward.pass.fill", "1", "Tokens of one pass as a share of the budget, Reward:MaxTokensPerBatch");
        _tokens = _meter.CreateCounter<long>("rlhf.reward.tokens", "{token}", "Tokens scored; its rate is tokens a second");
        _stageSeconds = _meter.CreateHistogram<double>("rlhf.reward.stage.duration", "s", "Where the time of a call goes, by stage");
        _cacheLookups = _meter.CreateCounter<long>("rlhf.reward.cache.lookups", "{item}", "Items looked up in the cache, by whether they were there");
        _failures = _meter.CreateCounter<long>("rlhf.reward.failures", "{item}", "Items without a score, by error code");
        _scores = _meter.CreateHistogram<double>("rlhf.reward.score", "1", "Normalised scores, by version");
        _returned = _meter.CreateCounter<long>("rlhf.reward.canary.returned", "{version}", "Canaries that went back, by reason and version: an alarm");
        _shadowDifferences = _meter.CreateHistogram<double>("rlhf.reward.shadow.difference", "1", "The shadow's normalised score less the latest version's, by the shadow's version");
        _shadowLeftOut = _meter.CreateCounter<long>("rlhf.reward.shadow.left_out", "{item}", "Items that the shadow did not score");
    }

    /// <summary>Reports how many items wait.</summary>
    public void ObserveQueue(Func<int> count) =>
        _meter.CreateObservableGauge("rlhf.reward.queued", count, "{item}", "Items that wait for their pass");

    public void Waited(TimeSpan wait)
    {
        _queueWait.Record(wait.TotalSeconds);
        Spent(RewardStage.Queue, wait);
    }

    public void Spent(RewardStage stage, TimeSpan duration) =>
        _stageSeconds.Record(duration.TotalSeconds, KeyValuePair.Create<string, object?>("stage", StageNameOf(stage)));

    /// <param name="items">Sequences of the pass.</param>
    /// <param name="tokens">Their tokens.</param>
    /// <param name="fill">Tokens as a share of the budget.</param>
    /// <param name="duration">How long it took.</param>
    public void Passed(int items, int tokens, double fill, TimeSpan duration)
    {
        _passFill.Record(fill);
        _tokens.Add(tokens);
        Spent(RewardStage.Pass, duration);
        _passItems.Record(items);
        _passTokens.Record(tokens);
        _passSeconds.Record(duration.TotalSeconds);
    }

    public void LookedUp(int found, int missing)
    {
        _cacheLookups.Add(found, KeyValuePair.Create<string, object?>("found", true));
        _cacheLookups.Add(missing, KeyValuePair.Create<string, object?>("found", false));
    }

    public void Scored(ScoreResult result)
    {
        if (result.Error is { } error)
        {
            _failures.Add(1, KeyValuePair.Create<string, object?>("code", error.Code.ToString()));
        }
        else
        {
            _scores.Record(result.Normalised, KeyValuePair.Create<string, object?>("version", result.ModelVersion));
        }
    }

    public void Returned(string versionId, CanaryAlarm alarm) => _returned.Add(
        1,
        KeyValuePair.Create<string, object?>("version", versionId),
        KeyValuePair.Create<string, object?>("reason", alarm switch { CanaryAlarm.NotFinite => "not_finite", CanaryAlarm.Drift => "drift", CanaryAlarm.Elsewhere => "elsewhere", _ => "failed" }));

    public void Shadowed(string versionId, double difference) =>
        _shadowDifferences.Record(difference, KeyValuePair.Create<string, object?>("version", versionId));

    public void ShadowLeftOut(int items) => _shadowLeftOut.Add(items);

    private static string StageNameOf(RewardStage stage) => stage switch
    {
        RewardStage.Tokenise => "tokenise",
        RewardStage.Cache => "cache",
        RewardStage.Queue => "queue",
        RewardStage.Pass => "pass",
        _ => "call",
    };

    public void Dispose() => _meter.Dispose();
}
