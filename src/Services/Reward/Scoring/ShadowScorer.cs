using System.Threading.Channels;
using Grpc.Core;
using Rlhf.Reward.Engine;
using Rlhf.Reward.Models;
using Rlhf.V1;

namespace Rlhf.Reward.Scoring;

/// <summary>
/// Has a second version score what the latest has scored, for the metrics; a canary that drifts away goes back. Callers never wait for it: it
/// takes turns as one caller among others, and what it can't keep up with is left out and counted.
/// </summary>
internal sealed partial class ShadowScorer(
    RewardModelRegistry registry, LoadedModels models, Scorer scorer, VersionOptions options, RewardMetrics metrics, ILogger<ShadowScorer> logger)
    : BackgroundService
{
    private readonly Channel<(IReadOnlyList<ScoreItem> Items, ScoreResult[] Results, ScoringPolicy Policy)> _work =
        Channel.CreateUnbounded<(IReadOnlyList<ScoreItem>, ScoreResult[], ScoringPolicy)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly LiveDrift _drift = new();
    private int _waiting;

    /// <summary>Takes what the latest has scored, if there is a shadow and it has room.</summary>
    public void Offer(IReadOnlyList<ScoreItem> items, ScoreResult[] results, ScoringPolicy policy)
    {
        if (options.Shadow.Length == 0)
        {
            return;
        }
        if (Interlocked.Add(ref _waiting, items.Count) > options.MaxShadowItems || !_work.Writer.TryWrite((items, results, policy)))
        {
            Interlocked.Add(ref _waiting, -items.Count);
            metrics.ShadowLeftOut(items.Count);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (items, results, policy) in _work.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                var versionId = options.Shadow == RewardModelRegistry.CanaryAlias ? registry.CanaryVersion : options.Shadow;
                if (versionId is not null)
                {
                    await CompareAsync(versionId, items, results, policy with { Caller = "shadow" }, stoppingToken);
                }
            }
            catch (Exception exception) when (exception is RpcException or OverCapacityException or UnknownHeadException)
            {
                metrics.ShadowLeftOut(items.Count);
                LogFailed(options.Shadow, exception.Message);
            }
            finally
            {
                Interlocked.Add(ref _waiting, -items.Count);
            }
        }
    }

    private async Task CompareAsync(
        string versionId, IReadOnlyList<ScoreItem> items, ScoreResult[] results, ScoringPolicy policy, CancellationToken cancellationToken)
    {
        using var lease = await models.AcquireAsync(versionId, cancellationToken);
        var shadows = await scorer.ScoreAsync(lease.Model, items, policy, cancellationToken);
        var differences = shadows.Zip(results).Where(pair => pair.First.HasNormalised && pair.Second.HasNormalised)
            .Select(pair => pair.First.Normalised - pair.Second.Normalised).ToArray();
        foreach (var difference in differences)
        {
            metrics.Shadowed(versionId, difference);
        }
        if (_drift.Add(versionId, differences) is { } drift && drift > options.MaxProbeDrift)
        {
            await registry.ReportAsync(lease.Model.Version, CanaryAlarm.Drift, drift); // of any other version it is only a figure
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Shadow {VersionId} could not score: {Reason}")]
    private partial void LogFailed(string versionId, string reason);
}
