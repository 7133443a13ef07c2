using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Console.Tests;

/// <summary>A reward model whose score is a hundredth of the number of characters of the assistant's turn.</summary>
public sealed class StandInReward : RewardService.RewardServiceBase
{
    public override Task<ScoreBatchResponse> ScoreBatch(ScoreBatchRequest request, ServerCallContext context) => Task.FromResult(new ScoreBatchResponse
    {
        Results = { request.Items.Select(item => new ScoreResult { Normalised = item.Conversation.Messages[^1].Content.Length / 100.0, ModelVersion = request.ModelVersion }) },
    });
}
