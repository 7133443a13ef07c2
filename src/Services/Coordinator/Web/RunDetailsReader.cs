using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Stages;

namespace Rlhf.Coordinator.Web;

/// <summary>Reads what the web page shows from the ledger; a few samples of everything, whatever the run's size.</summary>
internal sealed class RunDetailsReader(IDbContextFactory<LedgerContext> contexts)
{
    private const int MaxPoints = 400;
    private const int Samples = 6;

    private static readonly string[] _shownFigures = ["score", "kl", "loss", "regression_loss", "pairwise_loss"];

    public async Task<RunDetails> ReadAsync(string runId, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        return new RunDetails(
            await CurvesAsync(ledger, runId, cancellationToken),
            await RevisionsAsync(ledger, runId, cancellationToken),
            await AnswersAsync(ledger, runId, cancellationToken),
            await RatingsAsync(ledger, runId, cancellationToken));
    }

    private static async Task<IReadOnlyList<Curve>> CurvesAsync(LedgerContext ledger, string runId, CancellationToken cancellationToken)
    {
        var metrics = await ledger.StepMetrics.AsNoTracking()
            .Where(metric => metric.RunId == runId && _shownFigures.Contains(metric.Name))
            .OrderBy(metric => metric.Step).ToListAsync(cancellationToken);
        return
        [
            .. metrics.Where(metric => double.IsFinite(metric.Value)).GroupBy(metric => (metric.Stage, metric.Name)).Select(group =>
            {
                var points = group.ToList();
                var stride = (points.Count + MaxPoints - 1) / MaxPoints;
                var shown = points.Where((_, index) => index % stride == 0 || index == points.Count - 1).ToList();
                return new Curve(group.Key.Stage, group.Key.Name, [.. shown.Select(point => point.Step)], [.. shown.Select(point => point.Value)]);
            }),
        ];
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
                        prompts[last.PromptId].Text, answers[ResponseRow.IdOf(group.Key, 0)].Text, last.Critique, last.Revision, last.PrincipleId);
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
                    .Select(label => (label, row: group.FirstOrDefault(row =>
                        row.ResponseId.StartsWith($"{runId}/{stage}/{label}/", StringComparison.Ordinal))))
                    .Where(pair => pair.row is not null)
                    .ToDictionary(pair => pair.label, pair => new AnswerText(
                        pair.row?.Text ?? "",
                        AnswerLabels.Of(prompts[group.Key], pair.row?.Text ?? "")?.ToString().ToLowerInvariant(),
                        scoreOf.TryGetValue(pair.row?.ResponseId ?? "", out var score) ? score : null)))),
        ];
    }

    private static async Task<IReadOnlyList<RatedPrompt>> RatingsAsync(LedgerContext ledger, string runId, CancellationToken cancellationToken)
    {
        var ratings = await ledger.Ratings.AsNoTracking().Where(rating => rating.RunId == runId).ToListAsync(cancellationToken);
        var chosen = ratings.GroupBy(rating => rating.PromptId)
            .OrderByDescending(group => group.Max(rating => rating.Elo) - group.Min(rating => rating.Elo))
            .ThenBy(group => group.Key, StringComparer.Ordinal)
            .Take(Samples).ToList();
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
                        responses[rating.ResponseId].Text, responses[rating.ResponseId].PolicyVersion, rating.Elo, rating.BradleyTerry, rating.Comparisons)),
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
