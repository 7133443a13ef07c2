using Rlhf.Constitution;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Judge.Revising;

/// <summary>revisions.requested → revisions.completed.</summary>
internal sealed partial class RevisionRequestedHandler(
    RevisionLoop loop, ConstitutionFile constitution, MessagePublisher publisher, JudgeMetrics metrics, ILogger<RevisionRequestedHandler> logger)
    : IMessageHandler<RevisionRequested>
{
    private readonly string _constitutionHash = constitution.Hash;

    public async Task HandleAsync(RevisionRequested message, CancellationToken cancellationToken)
    {
        var completed = new RevisionCompleted
        {
            Header = ResultHeader.For(message.Header),
            PromptId = message.PromptId,
            Conversation = message.Conversation,
            PolicyVersion = message.PolicyVersion.Length > 0 ? message.PolicyVersion : "base",
            Seed = message.Seed,
            ConstitutionHash = _constitutionHash,
        };
        await loop.RunAsync(message, completed, cancellationToken);
        if (completed.Error is { } error)
        {
            metrics.Failed(error.Code);
            LogFailed(message.PromptId, error.Code, error.Message);
        }
        await publisher.PublishAsync(RoutingKeys.RevisionsCompleted, completed.Header.MessageId, completed, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "No full revision of prompt {PromptId}: {Code}: {Reason}")]
    private partial void LogFailed(string promptId, ErrorCode code, string reason);
}
