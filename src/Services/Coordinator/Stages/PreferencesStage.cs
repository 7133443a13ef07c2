using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Coordinator.Stages;

/// <summary>The judge compares pairs of answers to the same prompt.</summary>
internal sealed class PreferencesStage(PreferencesOptions options) : IStage
{
    public async Task RunAsync(StageContext context, CancellationToken cancellationToken)
    {
        var source = await context.RequireAsync<ResponsesOptions>(StageKinds.Responses, cancellationToken);
        await using var ledger = await context.OpenLedgerAsync(cancellationToken);
        var responses = await ledger.Responses.AsNoTracking()
            .Where(response => response.RunId == context.Run.RunId && response.Stage == source.Name && response.Text != "")
            .OrderBy(response => response.ResponseId)
            .ToListAsync(cancellationToken);
        var prompts = context.Run.Prompts.All.ToDictionary(prompt => prompt.PromptId);

        var items = Choose(context, responses).Take(options.Comparisons).Select(pair =>
        {
            var item = $"{WithoutRun(pair.A)}-{WithoutRun(pair.B)}";
            return new WantedItem(
                context.MessageId(item),
                RoutingKeys.ComparisonsRequested,
                () => new ComparisonRequested
                {
                    Header = context.Header(item),
                    PromptId = pair.A.PromptId,
                    Conversation = StageContext.Conversation(prompts[pair.A.PromptId]),
                    ResponseAId = pair.A.ResponseId,
                    ResponseBId = pair.B.ResponseId,
                    ResponseA = pair.A.Text,
                    ResponseB = pair.B.Text,
                    Seed = (ulong)context.SeedFor(item),
                    JudgeVersion = options.JudgeVersion,
                });
        }).ToList();
        if (items.Count == 0)
        {
            throw new StageFailedException("no prompt has two different answers to compare");
        }

        await context.CollectAsync(items, "comparisons", cancellationToken);
    }

    /// <summary>
    /// Every pair of different texts, the first pairs of all prompts before the second ones, so that any number of them is
    /// spread evenly. Which of a pair is A is drawn too: it must say nothing about where the answers come from.
    /// </summary>
    private static IEnumerable<(ResponseRow A, ResponseRow B)> Choose(StageContext context, IEnumerable<ResponseRow> responses) =>
        responses.GroupBy(response => response.PromptId)
            .SelectMany(prompt =>
            {
                var distinct = prompt.DistinctBy(response => response.Text).ToList();
                return distinct.SelectMany((first, index) => distinct.Skip(index + 1).Select(second => (A: first, B: second)))
                    .OrderBy(pair => context.SeedFor($"pair/{WithoutRun(pair.A)}/{WithoutRun(pair.B)}"))
                    .Select((pair, rank) => (Pair: pair, Rank: rank));
            })
            .OrderBy(ranked => ranked.Rank)
            .ThenBy(ranked => context.SeedFor($"turn/{WithoutRun(ranked.Pair.A)}"))
            .Select(ranked => context.SeedFor($"side/{WithoutRun(ranked.Pair.A)}/{WithoutRun(ranked.Pair.B)}") % 2 == 0
                ? ranked.Pair
                : (ranked.Pair.B, ranked.Pair.A));

    // Response ids begin with the run's; what is drawn must not depend on it.
    private static string WithoutRun(ResponseRow response) => response.ResponseId[(response.RunId.Length + response.Stage.Length + 2)..];
}
