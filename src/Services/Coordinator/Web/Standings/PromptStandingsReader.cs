using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Ratings;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Web.Standings;

/// <summary>Rates the answers to a prompt from the comparisons that there are now.</summary>
internal sealed class PromptStandingsReader(IDbContextFactory<LedgerContext> contexts)
{
    private const int PageSize = 40;

    /// <summary>A page of a run's compared prompts, by id, each with its text and comparisons; and after which id the next page begins.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="after">The page begins after this id; empty for the first.</param>
    public async Task<(IReadOnlyList<(string PromptId, string Text, int Comparisons)> Prompts, string? Next)> ListAsync(
        string runId, string after, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
#pragma warning disable CA1309 // Translated to SQL, where a comparison has the collation of its column.
        var counted = await ledger.Comparisons.AsNoTracking()
            .Where(comparison => comparison.RunId == runId && string.Compare(comparison.PromptId, after) > 0)
            .GroupBy(comparison => comparison.PromptId).OrderBy(group => group.Key).Take(PageSize + 1)
            .Select(group => new { PromptId = group.Key, Count = group.Count() }).ToListAsync(cancellationToken);
#pragma warning restore CA1309
        var page = counted.Take(PageSize).ToList();
        var ids = page.Select(prompt => prompt.PromptId).ToList();
        var texts = (await ledger.Prompts.AsNoTracking().Where(prompt => prompt.RunId == runId && ids.Contains(prompt.PromptId)).ToListAsync(cancellationToken))
            .ToDictionary(prompt => prompt.PromptId, TextOf);
        return (
            [.. page.Select(prompt => (prompt.PromptId, texts.GetValueOrDefault(prompt.PromptId, ""), prompt.Count))],
            counted.Count > PageSize ? page[^1].PromptId : null);
    }

    /// <summary>The answers to a prompt; null where the run has no such prompt.</summary>
    public async Task<PromptStandings?> ReadAsync(string runId, string promptId, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        if (await ledger.Prompts.AsNoTracking().SingleOrDefaultAsync(row => row.RunId == runId && row.PromptId == promptId, cancellationToken) is not { } prompt)
        {
            return null;
        }

        var options = await OptionsAsync(ledger, runId, cancellationToken);
        var rows = await ledger.Comparisons.AsNoTracking()
            .Where(comparison => comparison.RunId == runId && comparison.PromptId == promptId)
            .OrderBy(comparison => comparison.MessageId)
            .Select(row => new { row.ResponseAId, row.ResponseBId, row.PreferenceA })
            .ToListAsync(cancellationToken);
        var ids = rows.SelectMany(row => new[] { row.ResponseAId, row.ResponseBId }).Distinct().Order(StringComparer.Ordinal).ToList();
        var index = ids.Select((id, position) => (id, position)).ToDictionary();
        var answers = await ledger.Responses.AsNoTracking().Where(response => ids.Contains(response.ResponseId))
            .ToDictionaryAsync(response => response.ResponseId, response => (response.Text, response.PolicyVersion), cancellationToken);
        return new PromptStandings(
            promptId, TextOf(prompt),
            RatingTable.Of(ids, [.. rows.Select(row => new Comparison(index[row.ResponseAId], index[row.ResponseBId], row.PreferenceA))], options.EloK, options.Penalty, seed: ids.Count),
            answers);
    }

    /// <summary>How far one comparison moves an Elo rating in a run.</summary>
    public async Task<double> EloKAsync(string runId, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        return (await OptionsAsync(ledger, runId, cancellationToken)).EloK;
    }

    // A run without the stage "ratings" is rated with the stage's defaults.
    private static async Task<RatingsOptions> OptionsAsync(LedgerContext ledger, string runId, CancellationToken cancellationToken)
    {
        var run = await ledger.Runs.AsNoTracking().SingleAsync(row => row.RunId == runId, cancellationToken);
        return RunDefinitionReader.Read(run.Definition).Stages.OfType<RatingsOptions>().LastOrDefault() ?? new RatingsOptions();
    }

    private static string TextOf(PromptRow prompt) => JsonSerializer.Deserialize<List<Turn>>(prompt.Turns) is [.., var last] ? last.Content : "";
}
