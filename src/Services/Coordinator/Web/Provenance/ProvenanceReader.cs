using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Exchange;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;

namespace Rlhf.Coordinator.Web.Provenance;

/// <summary>Reads where answers and preferences come from. Lists go by key, so that the last page costs what the first does.</summary>
internal sealed class ProvenanceReader(IDbContextFactory<LedgerContext> contexts)
{
    private const int PageSize = 50;
    private const int MostComparisons = 50;

    /// <summary>A page of a run's answers, by id.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="after">The page begins after this id; empty for the first.</param>
    public async Task<LedgerList> AnswersAsync(string runId, string after, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        var ofRun = ledger.Responses.AsNoTracking().Where(response => response.RunId == runId);
        // Translated to SQL, where a comparison has the collation of its column.
#pragma warning disable CA1309
        var rows = await ofRun.Where(response => string.Compare(response.ResponseId, after) > 0)
            .OrderBy(response => response.ResponseId).Take(PageSize + 1).ToListAsync(cancellationToken);
#pragma warning restore CA1309
        var page = rows.Take(PageSize).ToList();
        var prompts = await PromptsAsync(ledger, runId, page.Select(response => response.PromptId), cancellationToken);
        return new LedgerList(
            await ofRun.CountAsync(cancellationToken),
            [.. page.Select(response => new LedgerEntry(response.ResponseId, LastOf(prompts, response.PromptId), response.Text, response.PolicyVersion, null))],
            rows.Count > PageSize ? page[^1].ResponseId : null);
    }

    /// <summary>A page of a run's preferences, by id.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="after">The page begins after this id; empty for the first.</param>
    public async Task<LedgerList> PreferencesAsync(string runId, string after, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        var ofRun = ledger.Comparisons.AsNoTracking().Where(comparison => comparison.RunId == runId);
        // Translated to SQL, where a comparison has the collation of its column.
#pragma warning disable CA1309
        var rows = await ofRun.Where(comparison => string.Compare(comparison.MessageId, after) > 0)
            .OrderBy(comparison => comparison.MessageId).Take(PageSize + 1).ToListAsync(cancellationToken);
#pragma warning restore CA1309
        var page = rows.Take(PageSize).ToList();
        var prompts = await PromptsAsync(ledger, runId, page.Select(comparison => comparison.PromptId), cancellationToken);
        var preferred = page.Select(comparison => comparison.PreferenceA >= 0.5 ? comparison.ResponseAId : comparison.ResponseBId).ToList();
        var texts = await ledger.Responses.AsNoTracking().Where(response => preferred.Contains(response.ResponseId))
            .ToDictionaryAsync(response => response.ResponseId, response => response.Text, cancellationToken);
        return new LedgerList(
            await ofRun.CountAsync(cancellationToken),
            [
                .. page.Zip(preferred, (comparison, better) => new LedgerEntry(
                    comparison.MessageId, LastOf(prompts, comparison.PromptId), texts.GetValueOrDefault(better, ""), Who(comparison),
                    Math.Max(comparison.PreferenceA, 1 - comparison.PreferenceA))),
            ],
            rows.Count > PageSize ? page[^1].MessageId : null);
    }

    /// <summary>Where an answer comes from; null where the ledger has none of that id.</summary>
    public async Task<AnswerOrigin?> AnswerAsync(string responseId, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        if (await ledger.Responses.AsNoTracking().SingleOrDefaultAsync(response => response.ResponseId == responseId, cancellationToken) is not { } answer)
        {
            return null;
        }

        var messageId = answer.ResponseId[..Math.Max(0, answer.ResponseId.LastIndexOf('#'))];
        return new AnswerOrigin(
            answer,
            (await PromptsAsync(ledger, answer.RunId, [answer.PromptId], cancellationToken)).GetValueOrDefault(answer.PromptId, []),
            await ledger.Versions.AsNoTracking().SingleOrDefaultAsync(version => version.VersionId == answer.PolicyVersion, cancellationToken),
            await ledger.Scores.AsNoTracking().Where(score => score.ResponseId == responseId).ToListAsync(cancellationToken),
            await ledger.Ratings.AsNoTracking().SingleOrDefaultAsync(rating => rating.RunId == answer.RunId && rating.ResponseId == responseId, cancellationToken),
            await ledger.RevisionRounds.AsNoTracking().Where(round => round.MessageId == messageId).OrderBy(round => round.Round).ToListAsync(cancellationToken),
            await ledger.Comparisons.AsNoTracking()
                .Where(comparison => comparison.RunId == answer.RunId && comparison.PromptId == answer.PromptId
                    && (comparison.ResponseAId == responseId || comparison.ResponseBId == responseId))
                .OrderBy(comparison => comparison.MessageId).Take(MostComparisons).ToListAsync(cancellationToken));
    }

    /// <summary>Where a preference comes from; null where the ledger has none of that id.</summary>
    public async Task<PreferenceOrigin?> PreferenceAsync(string comparisonId, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        if (await ledger.Comparisons.AsNoTracking().SingleOrDefaultAsync(row => row.MessageId == comparisonId, cancellationToken) is not { } comparison)
        {
            return null;
        }

        var answers = await ledger.Responses.AsNoTracking()
            .Where(response => response.ResponseId == comparison.ResponseAId || response.ResponseId == comparison.ResponseBId)
            .ToDictionaryAsync(response => response.ResponseId, cancellationToken);
        var pairId = comparison.LabellerId is { } labeller ? comparison.MessageId[..^(labeller.Length + 1)] : null;
        return new PreferenceOrigin(
            comparison,
            (await PromptsAsync(ledger, comparison.RunId, [comparison.PromptId], cancellationToken)).GetValueOrDefault(comparison.PromptId, []),
            answers.GetValueOrDefault(comparison.ResponseAId),
            answers.GetValueOrDefault(comparison.ResponseBId),
            ImportedRows.LineOf(comparison) is null
                ? null
                : ImportReport.Of(await ledger.Stages.AsNoTracking().SingleAsync(stage => stage.RunId == comparison.RunId && stage.Name == comparison.Stage, cancellationToken)),
            pairId is null
                ? []
                : await ledger.Labels.AsNoTracking()
                    .Where(label => label.RunId == comparison.RunId && label.Stage == comparison.Stage && label.PairId == pairId)
                    .OrderBy(label => label.Number).ToListAsync(cancellationToken));
    }

    /// <summary>Who a preference is from.</summary>
    public static string Who(ComparisonRow comparison) =>
        ImportedRows.LineOf(comparison) is { } line ? $"imported, line {line}" : comparison.LabellerId ?? comparison.JudgeVersion ?? "";

    /// <summary>What became of the files that a run has its preferences from, in the order of its stages.</summary>
    public async Task<IReadOnlyList<ImportReport>> ImportsAsync(string runId, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        return await ledger.Runs.AsNoTracking().SingleOrDefaultAsync(run => run.RunId == runId, cancellationToken) is { } run
            ? [.. ImportReport.Of(run, await ledger.Stages.AsNoTracking().Where(stage => stage.RunId == runId).OrderBy(stage => stage.Position).ToListAsync(cancellationToken)).Values]
            : [];
    }

    private static string LastOf(Dictionary<string, IReadOnlyList<Turn>> prompts, string promptId) =>
        prompts.TryGetValue(promptId, out var turns) && turns.Count > 0 ? turns[^1].Content : "";

    private static async Task<Dictionary<string, IReadOnlyList<Turn>>> PromptsAsync(
        LedgerContext ledger, string runId, IEnumerable<string> promptIds, CancellationToken cancellationToken)
    {
        var ids = promptIds.Distinct().ToList();
        var rows = await ledger.Prompts.AsNoTracking().Where(prompt => prompt.RunId == runId && ids.Contains(prompt.PromptId))
            .ToListAsync(cancellationToken);
        return rows.ToDictionary(row => row.PromptId, row => (IReadOnlyList<Turn>)(JsonSerializer.Deserialize<List<Turn>>(row.Turns) ?? []));
    }
}
