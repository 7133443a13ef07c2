using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;
using Rlhf.V1;

namespace Rlhf.Coordinator.Stages;

/// <summary>Collects the base model's answers to helpful prompts, then fine-tunes it on them and on all revisions.</summary>
internal sealed class FineTuningStage(FineTuningOptions options) : IStage
{
    public async Task RunAsync(StageContext context, CancellationToken cancellationToken)
    {
        var helpful = context.Run.Prompts.Helpful.Take(options.HelpfulPrompts).ToList();
        var items = helpful.Select(prompt => RolloutRequests.Make(
            context, prompt.PromptId, prompt, PolicyVersions.Base, samples: 1, options.MaxNewTokens, options.Temperature,
            context.SeedFor(prompt.PromptId))).ToList();
        await context.CollectAsync(items, "prompts", cancellationToken);

        var data = await ExamplesAsync(context, cancellationToken);
        if (data.Supervised.Count == 0)
        {
            throw new StageFailedException("there is no revision and no helpful answer to fine-tune on");
        }

        var job = await context.RunJobAsync(
            specification => specification.Supervised = options.ToRequest(),
            data,
            doneBefore: items.Count,
            unit: items.Count > 0 ? "prompts and steps" : "steps",
            step => step.Values.TryGetValue("loss", out var loss) ? FormattableString.Invariant($"loss {loss:0.000} at step {step.Step}") : "",
            cancellationToken);
        context.ReportResults(new SortedDictionary<string, double>(job.Results) { ["examples"] = data.Supervised.Count });
    }

    private static async Task<JobData> ExamplesAsync(StageContext context, CancellationToken cancellationToken)
    {
        var prompts = context.Run.Prompts.All.ToDictionary(prompt => prompt.PromptId);
        var data = new JobData();
        await using var ledger = await context.OpenLedgerAsync(cancellationToken);
        if (await context.NearestAsync<CritiqueRevisionOptions>(cancellationToken) is { } revisions)
        {
            var rounds = await ledger.RevisionRounds.AsNoTracking()
                .Where(round => round.RunId == context.Run.RunId && round.Stage == revisions.Name && round.Revision != "")
                .OrderBy(round => round.PromptId).ThenBy(round => round.Round)
                .ToListAsync(cancellationToken);
            data.Supervised.AddRange(rounds.Select(round => Example(prompts[round.PromptId], round.Revision)));
        }

        var answers = await ledger.Responses.AsNoTracking()
            .Where(response => response.RunId == context.Run.RunId && response.Stage == context.Name && response.Text != "")
            .OrderBy(response => response.ResponseId)
            .ToListAsync(cancellationToken);
        data.Supervised.AddRange(answers.Select(answer => Example(prompts[answer.PromptId], answer.Text)));
        return data;
    }

    private static SupervisedExample Example(RunPrompt prompt, string response) => new()
    {
        Prompt = new Prompt { Conversation = StageContext.Conversation(prompt) },
        Response = response,
    };
}
