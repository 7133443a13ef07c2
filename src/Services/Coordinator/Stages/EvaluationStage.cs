using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Stages;

/// <summary>Has every stage's model answer the prompts that no stage trained on, side by side.</summary>
internal sealed class EvaluationStage(EvaluationOptions options) : IStage
{
    /// <summary>Labels of the models, as the report names them.</summary>
    public static IReadOnlyList<string> Labels { get; } = ["base", "fineTuned", "ppo", "dpo"];

    public async Task RunAsync(StageContext context, CancellationToken cancellationToken)
    {
        var rewardModel = await context.PublishedByAsync<RewardModelStageOptions>(cancellationToken);
        var models = new List<(string Label, string Version)> { (Labels[0], PolicyVersions.Base) };
        if (await context.PublishedByAsync<FineTuningOptions>(cancellationToken) is { } fineTuned)
        {
            models.Add((Labels[1], fineTuned));
        }

        if (await context.PublishedByAsync<PpoStageOptions>(cancellationToken) is { } ppo)
        {
            models.Add((Labels[2], ppo));
        }

        if (await context.PublishedByAsync<DpoStageOptions>(cancellationToken) is { } dpo)
        {
            models.Add((Labels[3], dpo));
        }

        var prompts = RolloutRequests.TakeBalanced(context.Run.Prompts.Evaluation, options.Prompts);
        var items = models.SelectMany(model => prompts.Select(prompt => RolloutRequests.Make(
            // The same seed for every model: what differs is the model.
            context, ItemOf(model.Label, prompt), prompt, model.Version, samples: 1, options.MaxNewTokens, options.Temperature,
            context.SeedFor(prompt.PromptId), rewardModel))).ToList();
        await context.CollectAsync(items, "answers", cancellationToken);

        await using var ledger = await context.OpenLedgerAsync(cancellationToken);
        var answers = await ledger.Responses.AsNoTracking()
            .Where(response => response.RunId == context.Run.RunId && response.Stage == context.Name)
            .OrderBy(response => response.ResponseId) // sums of scores depend on it
            .ToListAsync(cancellationToken);
        var scores = await ledger.Scores.AsNoTracking()
            .Where(score => score.RunId == context.Run.RunId && score.RewardModelVersion == rewardModel)
            .ToDictionaryAsync(score => score.ResponseId, score => score.Normalised, cancellationToken);
        var results = models.ToDictionary(
            model => model.Label,
            model => ModelEvaluation.Of(
                model.Version,
                prompts,
                answers.Where(answer => answer.ResponseId.StartsWith(context.MessageId(model.Label + "/"), StringComparison.Ordinal)).ToList(),
                scores));
        context.ReportResults(results);
    }

    /// <summary>Names a model's answer within the stage.</summary>
    public static string ItemOf(string label, RunPrompt prompt) => $"{label}/{prompt.PromptId}";
}
