using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Stages;

namespace Rlhf.Coordinator.Web;

/// <summary>Reads a run's sampled answers, step by step.</summary>
internal sealed class StepSampleReader(IDbContextFactory<LedgerContext> contexts)
{
    private const int PromptsOnAPage = 10;

    /// <summary>A page of a step's answers.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="stage">The stage; null is the last one that trains on its samples, else the last with answers.</param>
    /// <param name="step">The step; null is the last.</param>
    /// <param name="page">The page, from 1; one beyond the last is the last.</param>
    public async Task<StepSamplePage> ReadAsync(string runId, string? stage, long? step, int page, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        var ofRun = ledger.Responses.AsNoTracking().Where(response => response.RunId == runId);
        var withAnswers = (await ofRun.Select(response => response.Stage).Distinct().ToListAsync(cancellationToken)).ToHashSet();
        var run = await ledger.Runs.AsNoTracking().SingleAsync(row => row.RunId == runId, cancellationToken);
        var stages = RunDefinitionReader.Read(run.Definition).Stages.Where(options => withAnswers.Contains(options.Name)).ToList();
        var names = stages.Select(options => options.Name).ToList();
        var shown = names.Contains(stage ?? "") ? stage : (stages.OfType<PpoStageOptions>().LastOrDefault() ?? stages.LastOrDefault())?.Name;
        if (shown is null)
        {
            return new StepSamplePage([], null, [], 0, 1, 1, []);
        }

        var ofStage = ofRun.Where(response => response.Stage == shown);
        var steps = await ofStage.Select(response => response.Step).Distinct().OrderBy(number => number).ToListAsync(cancellationToken);
        var shownStep = step is { } wanted && steps.Contains(wanted) ? wanted : steps[^1];
        var ofStep = ofStage.Where(response => response.Step == shownStep);
        var prompts = ofStep.Select(response => response.PromptId).Distinct();
        var pages = Math.Max(1, (await prompts.CountAsync(cancellationToken) + PromptsOnAPage - 1) / PromptsOnAPage);
        var shownPage = Math.Clamp(page, 1, pages);
        var ids = await prompts.OrderBy(id => id).Skip((shownPage - 1) * PromptsOnAPage).Take(PromptsOnAPage).ToListAsync(cancellationToken);
        return new StepSamplePage(
            names, shown, steps, shownStep, shownPage, pages,
            await SamplesAsync(ledger, runId, await ofStep.Where(response => ids.Contains(response.PromptId)).ToListAsync(cancellationToken), cancellationToken));
    }

    private static async Task<IReadOnlyList<StepSample>> SamplesAsync(
        LedgerContext ledger, string runId, IReadOnlyList<ResponseRow> responses, CancellationToken cancellationToken)
    {
        var promptIds = responses.Select(response => response.PromptId).Distinct().ToList();
        var prompts = await ledger.Prompts.AsNoTracking().Where(prompt => prompt.RunId == runId && promptIds.Contains(prompt.PromptId))
            .ToDictionaryAsync(prompt => prompt.PromptId, cancellationToken);
        var responseIds = responses.Select(response => response.ResponseId).ToList();
        var scores = (await ledger.Scores.AsNoTracking().Where(score => responseIds.Contains(score.ResponseId)).ToListAsync(cancellationToken))
            .GroupBy(score => score.ResponseId).ToDictionary(group => group.Key, group => group.First().Normalised);
        return
        [
            .. responses.GroupBy(response => response.PromptId).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group =>
            {
                var prompt = prompts[group.Key];
                var known = new RunPrompt(prompt.PromptId, prompt.Kind, JsonSerializer.Deserialize<List<Turn>>(prompt.Turns) ?? [], prompt.IsEvaluation);
                return new StepSample(known.Text,
                [
                    .. group.Select(response => new AnswerText(
                            response.ResponseId,
                            response.Text,
                            AnswerLabels.Of(known, response.Text)?.ToString().ToLowerInvariant(),
                            scores.TryGetValue(response.ResponseId, out var score) ? score : null))
                        .OrderByDescending(answer => answer.Score ?? double.MinValue).ThenBy(answer => answer.ResponseId, StringComparer.Ordinal),
                ]);
            }),
        ];
    }
}
