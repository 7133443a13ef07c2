using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Stages;

namespace Rlhf.Coordinator.Web;

/// <summary>Reads what a run's page shows of its results; a few samples of everything, whatever the run's size.</summary>
internal sealed class RunResultsReader(IDbContextFactory<LedgerContext> contexts)
{
    private const int Samples = 6;

    public async Task<RunResults> ReadAsync(string runId, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        return new RunResults(
            await RevisionsAsync(ledger, runId, cancellationToken),
            await AnswersAsync(ledger, runId, cancellationToken),
            await RatingsAsync(ledger, runId, cancellationToken));
    }

    private static async Task<IReadOnlyList<RevisionSample>> RevisionsAsync(LedgerContext ledger, string runId, CancellationToken cancellationToken)
    {
        var ids = await ledger.RevisionRounds.AsNoTracking().Where(round => round.RunId == runId)
            .Select(round => round.MessageId).Distinct().OrderBy(id => id).Take(Samples).ToListAsync(cancellationToken);
        var rounds = await ledger.RevisionRounds.AsNoTracking().Where(round => ids.Contains(round.MessageId)).ToListAsync(cancellationToken);
        var answerIds = ids.Select(id => ResponseRow.IdOf(id, 0)).ToList();
        var answers = await ledger.Responses.AsNoTracking().Where(response => answerIds.Contains(response.ResponseId))
            .ToDictionaryAsync(response => response.ResponseId, cancellationToken);
        var prompts = await PromptsAsync(ledger, runId, rounds.Select(round => round.PromptId), cancellationToken);
        return
        [
            .. rounds.GroupBy(round => round.MessageId)
                .Where(group => answers.ContainsKey(ResponseRow.IdOf(group.Key, 0)))
                .Select(group =>
                {
                    var last = group.MaxBy(round => round.Round) ?? group.First();
                    return new RevisionSample(
                        ResponseRow.IdOf(group.Key, 0), prompts[last.PromptId].Text, answers[ResponseRow.IdOf(group.Key, 0)].Text, last.Critique, last.Revision, last.PrincipleId);
                }),
        ];
    }

    private static async Task<IReadOnlyList<AnswerSample>> AnswersAsync(LedgerContext ledger, string runId, CancellationToken cancellationToken)
    {
        var run = await ledger.Runs.AsNoTracking().SingleOrDefaultAsync(row => row.RunId == runId, cancellationToken);
        var stage = run is null ? null : Runs.RunDefinitionReader.Read(run.Definition).Stages.OfType<Runs.EvaluationOptions>().LastOrDefault()?.Name;
        if (stage is null)
        {
            return [];
        }

        var rows = await ledger.Responses.AsNoTracking().Where(response => response.RunId == runId && response.Stage == stage)
            .ToListAsync(cancellationToken);
        var shown = rows.GroupBy(row => row.PromptId).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).ToList();
        var prompts = await PromptsAsync(ledger, runId, shown.Select(group => group.Key), cancellationToken);

        // Both kinds, as far as there are: a page of refusals only, or of help only, shows half of what happened.
        var chosen = shown.GroupBy(group => prompts[group.Key].Kind).SelectMany(kind => kind.Take(Samples / 2)).ToList();
        var responseIds = chosen.SelectMany(group => group.Select(row => row.ResponseId)).ToList();
        var scores = await ledger.Scores.AsNoTracking().Where(score => responseIds.Contains(score.ResponseId))
            .ToListAsync(cancellationToken);
        var scoreOf = scores.GroupBy(score => score.ResponseId).ToDictionary(group => group.Key, group => group.First().Normalised);
        return
        [
            .. chosen.Select(group => new AnswerSample(
                prompts[group.Key].Text,
                prompts[group.Key].Kind.ToString().ToLowerInvariant(),
                EvaluationStage.Labels
                    .SelectMany(label => group
                        .Where(row => row.ResponseId.StartsWith($"{runId}/{stage}/{label}/", StringComparison.Ordinal)).Take(1)
                        .Select(row => (label, answer: new AnswerText(
                            row.ResponseId,
                            row.Text,
                            AnswerLabels.Of(prompts[group.Key], row.Text)?.ToString().ToLowerInvariant(),
                            scoreOf.TryGetValue(row.ResponseId, out var score) ? score : null))))
                    .ToDictionary(pair => pair.label, pair => pair.answer))),
        ];
    }

    private static async Task<IReadOnlyList<RatedPrompt>> RatingsAsync(LedgerContext ledger, string runId, CancellationToken cancellationToken)
    {
        var apart = await ledger.Ratings.AsNoTracking().Where(rating => rating.RunId == runId)
            .GroupBy(rating => rating.PromptId)
            .Select(group => new { PromptId = group.Key, Spread = group.Max(rating => rating.Elo) - group.Min(rating => rating.Elo) })
            .OrderByDescending(prompt => prompt.Spread).ThenBy(prompt => prompt.PromptId)
            .Take(Samples).ToListAsync(cancellationToken);
        var promptIds = apart.Select(prompt => prompt.PromptId).ToList();
        var ratings = await ledger.Ratings.AsNoTracking().Where(rating => rating.RunId == runId && promptIds.Contains(rating.PromptId))
            .ToListAsync(cancellationToken);
        var chosen = ratings.GroupBy(rating => rating.PromptId).OrderBy(group => promptIds.IndexOf(group.Key)).ToList();
        var ids = chosen.SelectMany(group => group.Select(rating => rating.ResponseId)).ToList();
        var responses = await ledger.Responses.AsNoTracking().Where(response => ids.Contains(response.ResponseId))
            .ToDictionaryAsync(response => response.ResponseId, cancellationToken);
        var prompts = await PromptsAsync(ledger, runId, chosen.Select(group => group.Key), cancellationToken);
        return
        [
            .. chosen.Select(group => new RatedPrompt(
                prompts[group.Key].Text,
                [
                    .. group.OrderByDescending(rating => rating.Elo).Select(rating => new RatedAnswer(
                        rating.ResponseId, responses[rating.ResponseId].Text, responses[rating.ResponseId].PolicyVersion, rating.Elo, rating.BradleyTerry, rating.Comparisons)),
                ])),
        ];
    }

    private static async Task<Dictionary<string, RunPrompt>> PromptsAsync(
        LedgerContext ledger, string runId, IEnumerable<string> promptIds, CancellationToken cancellationToken)
    {
        var ids = promptIds.Distinct().ToList();
        var rows = await ledger.Prompts.AsNoTracking().Where(prompt => prompt.RunId == runId && ids.Contains(prompt.PromptId))
            .ToListAsync(cancellationToken);
        return rows.ToDictionary(
            row => row.PromptId,
            row => new RunPrompt(row.PromptId, row.Kind, JsonSerializer.Deserialize<List<Turn>>(row.Turns) ?? [], row.IsEvaluation));
    }
}
