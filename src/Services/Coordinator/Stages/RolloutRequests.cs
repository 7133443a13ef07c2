using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Coordinator.Stages;

/// <summary>Makes requests for responses.</summary>
internal static class RolloutRequests
{
    /// <summary>Asks for responses to one prompt.</summary>
    /// <param name="context">The stage that asks.</param>
    /// <param name="item">Names the request within the stage.</param>
    /// <param name="prompt">What is responded to.</param>
    /// <param name="policyVersion">Who responds.</param>
    /// <param name="samples">How many responses.</param>
    /// <param name="maxNewTokens">Their length.</param>
    /// <param name="temperature">Divides the logits.</param>
    /// <param name="seed">Of the first sample.</param>
    /// <param name="rewardModelVersion">Scores them; null leaves them unscored.</param>
    public static WantedItem Make(
        StageContext context, string item, RunPrompt prompt, string policyVersion, int samples, int maxNewTokens, double temperature,
        long seed, string? rewardModelVersion = null) => new(
        context.MessageId(item),
        RoutingKeys.RolloutsRequested,
        () => new RolloutRequested
        {
            Header = context.Header(item),
            PromptId = prompt.PromptId,
            Prompt = new Prompt { Conversation = StageContext.Conversation(prompt) },
            PolicyVersion = policyVersion,
            Samples = samples,
            Sampling = new SamplingOptions { MaxNewTokens = maxNewTokens, Temperature = (float)temperature, Seed = (ulong)seed },
            RewardModelVersion = rewardModelVersion ?? "",
        });

    /// <summary>So many prompts, both kinds in equal parts as far as there are; the order is the prompts' own.</summary>
    public static IReadOnlyList<RunPrompt> TakeBalanced(IReadOnlyList<RunPrompt> prompts, int count)
    {
        var harmful = prompts.Where(prompt => prompt.Kind == PromptKind.Harmful).ToList();
        var others = prompts.Where(prompt => prompt.Kind != PromptKind.Harmful).ToList();
        var fromHarmful = Math.Min(harmful.Count, Math.Max(count / 2, count - others.Count));
        var chosen = harmful.Take(fromHarmful).Concat(others.Take(count - fromHarmful)).ToHashSet();
        return [.. prompts.Where(chosen.Contains)];
    }
}
