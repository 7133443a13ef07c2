using Grpc.Core;
using Rlhf.Reward.Engine;
using Rlhf.Reward.Models;
using Rlhf.V1;

namespace Rlhf.Reward.Scoring;

/// <summary>Scores with the version that a name means. A call of the canary's share is answered by the latest when the canary fails it.</summary>
internal sealed partial class RoutedScorer(
    RewardModelRegistry registry, LoadedModels models, Scorer scorer, ShadowScorer shadow, ILogger<RoutedScorer> logger)
{
    /// <summary>As many results as items, in their order, all by one version.</summary>
    /// <param name="modelVersion">A version id, an alias, or empty for the latest.</param>
    /// <exception cref="RpcException">No such version, or it can't be used.</exception>
    /// <exception cref="OverCapacityException">Too many items wait already.</exception>
    /// <exception cref="UnknownHeadException">The version has no such head.</exception>
    public async Task<ScoreResult[]> ScoreAsync(
        string modelVersion, IReadOnlyList<ScoreItem> items, ScoringPolicy policy, CancellationToken cancellationToken)
    {
        var route = await registry.RouteAsync(modelVersion, cancellationToken);
        if (!route.IsCanaryShare)
        {
            var results = await ScoreWithAsync(route.VersionId, items, policy, cancellationToken);
            if (route.IsLatest)
            {
                shadow.Offer(items, results, policy);
            }
            return results;
        }
        try
        {
            var results = await ScoreWithAsync(route.VersionId, items, policy, cancellationToken);
            if (!results.Any(result => result.Error?.Code == ErrorCode.NotFinite))
            {
                return results;
            }
        }
        catch (UnknownHeadException)
        {
            // The latest has the head, or says below that there is none.
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OverCapacityException))
        {
            LogCanaryFailed(route.VersionId, exception); // the latest answers below
        }
        return await ScoreWithAsync(registry.LatestVersion ?? route.VersionId, items, policy, cancellationToken);
    }

    private async Task<ScoreResult[]> ScoreWithAsync(
        string versionId, IReadOnlyList<ScoreItem> items, ScoringPolicy policy, CancellationToken cancellationToken)
    {
        using var lease = await models.AcquireAsync(versionId, cancellationToken);
        try
        {
            var results = await scorer.ScoreAsync(lease.Model, items, policy, cancellationToken);
            if (results.Any(result => result.Error?.Code == ErrorCode.NotFinite))
            {
                await registry.ReportAsync(lease.Model.Version, CanaryAlarm.NotFinite);
            }
            return results;
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OverCapacityException or UnknownHeadException))
        {
            await registry.ReportAsync(lease.Model.Version, CanaryAlarm.Failed);
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Canary {VersionId} failed a call, which the latest answers")]
    private partial void LogCanaryFailed(string versionId, Exception exception);
}
