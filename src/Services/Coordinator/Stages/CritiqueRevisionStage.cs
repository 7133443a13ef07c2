using Rlhf.Coordinator.Runs;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Coordinator.Stages;

/// <summary>The judge has the base model answer red-team prompts, and critique and revise its answers.</summary>
internal sealed class CritiqueRevisionStage(CritiqueRevisionOptions options) : IStage
{
    public async Task RunAsync(StageContext context, CancellationToken cancellationToken)
    {
        var items = context.Run.Prompts.RedTeam.Take(options.Prompts).Select(prompt => new WantedItem(
            context.MessageId(prompt.PromptId),
            RoutingKeys.RevisionsRequested,
            () => new RevisionRequested
            {
                Header = context.Header(prompt.PromptId),
                PromptId = prompt.PromptId,
                Conversation = StageContext.Conversation(prompt),
                PolicyVersion = PolicyVersions.Base,
                MaxRounds = options.MaxRounds,
                Seed = (ulong)context.SeedFor(prompt.PromptId),
                MaxNewTokens = options.MaxNewTokens,
            })).ToList();
        await context.CollectAsync(items, "prompts", cancellationToken);
    }
}
