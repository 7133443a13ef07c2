using Rlhf.Constitution;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Judge.Comparing;

/// <summary>comparisons.requested → preferences.recorded.</summary>
internal sealed partial class ComparisonRequestedHandler(
    Comparer comparer, ConstitutionFile constitution, MessagePublisher publisher, JudgeOptions options, JudgeMetrics metrics,
    ILogger<ComparisonRequestedHandler> logger) : IMessageHandler<ComparisonRequested>
{
    public async Task HandleAsync(ComparisonRequested message, CancellationToken cancellationToken)
    {
        var recorded = new PreferenceRecorded
        {
            Header = ResultHeader.For(message.Header),
            PromptId = message.PromptId,
            ResponseAId = message.ResponseAId,
            ResponseBId = message.ResponseBId,
            Seed = message.Seed,
        };
        try
        {
            var principle = PrincipleDraw.Draw(constitution.ComparisonPrinciples, message.Seed);
            var judgeVersion = message.JudgeVersion.Length > 0 ? message.JudgeVersion : options.Version;
            recorded.Judgement = await comparer.CompareAsync(
                principle, ConversationTranscript.Of(message.Conversation), message.ResponseA, message.ResponseB, judgeVersion, cancellationToken);
        }
        catch (ItemFailedException exception)
        {
            recorded.Error = exception.Error;
        }
        catch (ArgumentException exception)
        {
            recorded.Error = new ItemError { Code = ErrorCode.InvalidItem, Message = exception.Message };
        }
        if (recorded.Error is { } error)
        {
            metrics.Failed(error.Code);
            LogFailed(message.ResponseAId, message.ResponseBId, error.Code, error.Message);
        }
        await publisher.PublishAsync(RoutingKeys.PreferencesRecorded, recorded.Header.MessageId, recorded, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "No preference between {ResponseA} and {ResponseB}: {Code}: {Reason}")]
    private partial void LogFailed(string responseA, string responseB, ErrorCode code, string reason);
}
