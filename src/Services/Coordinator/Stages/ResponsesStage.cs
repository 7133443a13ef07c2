using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Stages;

/// <summary>Several answers to each prompt, for comparisons.</summary>
internal sealed class ResponsesStage(ResponsesOptions options) : IStage
{
    public async Task RunAsync(StageContext context, CancellationToken cancellationToken)
    {
        var policy = await context.PublishedByAsync<FineTuningOptions>(cancellationToken) ?? PolicyVersions.Base;
        var prompts = RolloutRequests.TakeBalanced(context.Run.Prompts.Training, options.Prompts);
        var items = prompts.SelectMany(prompt => Sources(policy).Select(source =>
        {
            var item = $"{source.Label}/{prompt.PromptId}";
            return RolloutRequests.Make(
                context, item, prompt, source.Version, source.Samples, options.MaxNewTokens, options.Temperature, context.SeedFor(item));
        })).ToList();
        await context.CollectAsync(items, "requests", cancellationToken);
    }

    private IEnumerable<(string Label, string Version, int Samples)> Sources(string policy)
    {
        yield return ("policy", policy, options.ResponsesPerPrompt);
        if (options.BaseResponsesPerPrompt > 0)
        {
            yield return ("base", PolicyVersions.Base, options.BaseResponsesPerPrompt);
        }
    }
}
