using Grpc.Core;
using Rlhf.Messaging;
using Rlhf.Reward.Models;
using Rlhf.Reward.Scoring;
using Rlhf.V1;

namespace Rlhf.Reward;

/// <summary>rollouts.generated → rollouts.scored, where the rollout names a reward model.</summary>
internal sealed partial class RolloutGeneratedHandler(
    RoutedScorer scorer, MessagePublisher publisher, ILogger<RolloutGeneratedHandler> logger) : IMessageHandler<RolloutGenerated>
{
    public async Task HandleAsync(RolloutGenerated message, CancellationToken cancellationToken)
    {
        if (message.RewardModelVersion.Length == 0)
        {
            return;
        }
        var messageId = ResultHeader.For(message.Header).MessageId;
        var scored = new RolloutScored { Rollout = message };
        if (message.Error is null)
        {
            scored.Scores.Add(await ScoreAsync(message, cancellationToken));
        }
        await publisher.PublishAsync(RoutingKeys.RolloutsScored, messageId, scored, cancellationToken);
    }

    private async Task<ScoreResult[]> ScoreAsync(RolloutGenerated rollout, CancellationToken cancellationToken)
    {
        try
        {
            return await scorer.ScoreAsync(
                rollout.RewardModelVersion, [.. rollout.Samples.Select(sample => ToItem(rollout, sample))],
                ScoringPolicy.Queue with { Head = rollout.RewardHead }, cancellationToken);
        }
        catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNoModel(rollout.RewardModelVersion, exception.StatusCode, exception.Status.Detail);
            var error = ModelErrors.ToItemError(exception);
            return [.. rollout.Samples.Select(_ => new ScoreResult { Error = error })];
        }
        catch (UnknownHeadException exception)
        {
            LogNoModel(rollout.RewardModelVersion, StatusCode.InvalidArgument, exception.Message);
            var error = ModelErrors.ToItemError(exception);
            return [.. rollout.Samples.Select(_ => new ScoreResult { Error = error })];
        }
    }

    private static ScoreItem ToItem(RolloutGenerated rollout, Sample sample) => new()
    {
        Tokens = new TokenSequence { TokenIds = { rollout.PromptTokenIds, sample.TokenIds }, TokenizerHash = rollout.TokenizerHash },
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Rollouts for reward model {VersionId} can't be scored: {Status}: {Detail}")]
    private partial void LogNoModel(string versionId, StatusCode status, string detail);
}
