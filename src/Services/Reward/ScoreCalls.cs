using System.Diagnostics;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Rlhf.Reward.Engine;
using Rlhf.Reward.Scoring;
using Rlhf.V1;

namespace Rlhf.Reward;

/// <summary>A ScoreBatch call, whichever door it came through.</summary>
internal sealed class ScoreCalls(RoutedScorer scorer, RecentAnswers recentAnswers, RewardOptions options, RewardMetrics metrics)
{
    /// <summary>As many results as items, in their order.</summary>
    /// <exception cref="ArgumentException">Too few or too many items, a request id of another request, or no such head.</exception>
    /// <exception cref="RpcException">No such version, or too much is waiting.</exception>
    public async Task<ScoreBatchResponse> ScoreAsync(ScoreBatchRequest request, string caller, CancellationToken cancellationToken)
    {
        RequireCount(request.Items);
        var started = Stopwatch.GetTimestamp();
        var answer = await recentAnswers.OnceAsync(request, () => ComputeAsync(request, caller, cancellationToken), cancellationToken);
        metrics.Spent(RewardStage.Call, Stopwatch.GetElapsedTime(started));
        return answer;
    }

    /// <exception cref="ArgumentException">Too few or too many items.</exception>
    public void RequireCount(IReadOnlyCollection<ScoreItem> items)
    {
        if (items.Count < 1 || items.Count > options.MaxItemsPerRequest)
        {
            throw new ArgumentException($"There are {items.Count} items; 1 to {options.MaxItemsPerRequest} are taken in one call.", nameof(items));
        }
    }

    private async Task<ScoreBatchResponse> ComputeAsync(ScoreBatchRequest request, string caller, CancellationToken cancellationToken)
    {
        var policy = new ScoringPolicy(request.Truncation, request.Cache, request.IncludeMembers, request.Head, caller);
        try
        {
            var results = await scorer.ScoreAsync(request.ModelVersion, request.Items, policy, cancellationToken);
            return new ScoreBatchResponse { RequestId = request.RequestId, Results = { results } };
        }
        catch (OverCapacityException exception)
        {
            throw ResourceExhausted(exception);
        }
    }

    private static RpcException ResourceExhausted(OverCapacityException exception) => new Google.Rpc.Status
    {
        Code = (int)Code.ResourceExhausted,
        Message = exception.Message,
        Details = { Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) }) },
    }.ToRpcException();
}
