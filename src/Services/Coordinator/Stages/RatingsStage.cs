using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Ratings;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Stages;

/// <summary>Rates the answers to each prompt from their comparisons: Elo, and the maximum-likelihood fit beside it.</summary>
internal sealed class RatingsStage(RatingsOptions options) : IStage
{
    public async Task RunAsync(StageContext context, CancellationToken cancellationToken)
    {
        var source = await context.RequireAsync<PreferencesOptions>(StageKinds.Preferences, cancellationToken);
        await using var ledger = await context.OpenLedgerAsync(cancellationToken);
        var comparisons = await ledger.Comparisons.AsNoTracking()
            .Where(comparison => comparison.RunId == context.Run.RunId && comparison.Stage == source.Name)
            .OrderBy(comparison => comparison.MessageId)
            .ToListAsync(cancellationToken);

        // Elo depends on the order: one that is drawn, not the one in which the judge happened to finish.
        var ratings = comparisons.OrderBy(comparison => context.SeedFor(comparison.MessageId[comparison.RunId.Length..]))
            .GroupBy(comparison => comparison.PromptId)
            .SelectMany(prompt => Rate(context.Run.RunId, prompt.Key, [.. prompt]))
            .ToList();
        await context.WriteAsync(async (writing, token) =>
        {
            foreach (var rating in ratings)
            {
                if (await writing.Ratings.FindAsync([rating.RunId, rating.ResponseId], token) is { } known)
                {
                    (known.Elo, known.BradleyTerry, known.Comparisons) = (rating.Elo, rating.BradleyTerry, rating.Comparisons);
                }
                else
                {
                    writing.Ratings.Add(rating);
                }
            }
        }, cancellationToken);
        context.Report(ratings.Count, ratings.Count, "responses", $"{comparisons.Count} comparisons");
        context.ReportResults(new SortedDictionary<string, double>
        {
            ["comparisons"] = comparisons.Count,
            ["same_position_rate"] = comparisons.Where(comparison => comparison.SamePosition is not null)
                .Select(comparison => comparison.SamePosition == true ? 1.0 : 0.0).DefaultIfEmpty().Average(),
        });
    }

    private IEnumerable<RatingRow> Rate(string runId, string promptId, IReadOnlyList<ComparisonRow> comparisons)
    {
        var responses = comparisons.SelectMany(comparison => new[] { comparison.ResponseAId, comparison.ResponseBId })
            .Distinct().Order(StringComparer.Ordinal).ToList();
        var index = responses.Select((response, position) => (response, position)).ToDictionary();
        var outcomes = comparisons.Select(comparison => new Comparison(
            index[comparison.ResponseAId], index[comparison.ResponseBId], comparison.PreferenceA)).ToList();
        var elo = Elo.Rate(responses.Count, outcomes, options.EloK);
        var strengths = BradleyTerry.Fit(responses.Count, outcomes, options.Penalty);
        return responses.Select((response, position) => new RatingRow
        {
            RunId = runId,
            ResponseId = response,
            PromptId = promptId,
            Elo = elo[position],
            BradleyTerry = Elo.Start + (BradleyTerry.EloPerUnit * strengths[position]),
            Comparisons = outcomes.Count(outcome => outcome.First == position || outcome.Second == position),
        });
    }
}
