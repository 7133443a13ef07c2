using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Coordinator.Stages;

/// <summary>The judge, people, or both compare pairs of answers to the same prompt.</summary>
internal sealed class PreferencesStage(PreferencesOptions options) : IStage
{
    public async Task RunAsync(StageContext context, CancellationToken cancellationToken)
    {
        var prompts = context.Run.Prompts.All.ToDictionary(prompt => prompt.PromptId);
        var pairs = await PairsAsync(context, cancellationToken);
        var (judged, labelled) = options.By switch
        {
            ComparedBy.People => ([], pairs),
            ComparedBy.Mixed => (Of(pairs, pair => IsHarmful(prompts, pair)), Of(pairs, pair => !IsHarmful(prompts, pair))),
            _ => (pairs, []),
        };
        if (judged.Count + labelled.Count == 0)
        {
            throw new StageFailedException("no prompt has two different answers to compare");
        }

        // People can begin while the judge is at work.
        var people = labelled.Count == 0 ? null : await PeoplesLabels.OpenAsync(context, options, labelled, cancellationToken);
        var items = judged.Take(options.Comparisons).Select(pair => Request(context, prompts[pair.A.PromptId], pair)).ToList();
        try
        {
            if (items.Count > 0)
            {
                await context.CollectAsync(items, "comparisons", people?.Wanted ?? 0, cancellationToken);
            }

            if (people is not null)
            {
                await people.WaitAsync(items.Count, cancellationToken);
                await MeasureJudgeAsync(context, prompts, labelled, cancellationToken);
            }
        }
        catch (Exception exception) when (people is not null && (exception is not OperationCanceledException || context.Run.StopRequested.IsCancellationRequested))
        {
            // The run is paused or has failed. When the process stops, people keep their pairs: the next one goes on waiting.
            await people.PauseAsync();
            throw;
        }
    }

    private static async Task<List<PairPlan>> PairsAsync(StageContext context, CancellationToken cancellationToken)
    {
        var source = await context.RequireAsync<ResponsesOptions>(StageKinds.Responses, cancellationToken);
        await using var ledger = await context.OpenLedgerAsync(cancellationToken);
        var responses = await ledger.Responses.AsNoTracking()
            .Where(response => response.RunId == context.Run.RunId && response.Stage == source.Name && response.Text != "")
            .OrderBy(response => response.ResponseId)
            .ToListAsync(cancellationToken);
        return [.. PairPlan.Of(responses, context.SeedFor)];
    }

    private static List<PairPlan> Of(IEnumerable<PairPlan> pairs, Func<PairPlan, bool> condition) => [.. pairs.Where(condition)];

    private static bool IsHarmful(Dictionary<string, RunPrompt> prompts, PairPlan pair) =>
        prompts[pair.A.PromptId].Kind == PromptKind.Harmful;

    /// <summary>Has the judge compare a share of the pairs that people have labelled.</summary>
    private async Task MeasureJudgeAsync(
        StageContext context, Dictionary<string, RunPrompt> prompts, IReadOnlyList<PairPlan> pairs, CancellationToken cancellationToken)
    {
        await using var ledger = await context.OpenLedgerAsync(cancellationToken);
        var labelled = await ledger.Labels.AsNoTracking()
            .Where(label => label.RunId == context.Run.RunId && label.Stage == context.Name && label.IsCounted && label.UndoneUnixMs == null)
            .Select(label => label.PairId).Distinct().ToListAsync(cancellationToken);
        var known = labelled.ToHashSet();
        var items = pairs
            .Where(pair => known.Contains(context.MessageId(pair.Item)) && Seeds.Uniform(context.SeedFor($"judged/{pair.Item}")) < options.JudgeShare)
            .Select(pair => Request(context, prompts[pair.A.PromptId], pair, context.BesideName)).ToList();
        if (items.Count > 0)
        {
            await context.CollectBesideAsync(items, cancellationToken);
        }
    }

    private WantedItem Request(StageContext context, RunPrompt prompt, PairPlan pair, string? stage = null) => new(
        context.MessageId(pair.Item),
        RoutingKeys.ComparisonsRequested,
        () => new ComparisonRequested
        {
            Header = new MessageHeader { MessageId = context.MessageId(pair.Item), RunId = context.Run.RunId, Stage = stage ?? context.Name },
            PromptId = pair.A.PromptId,
            Conversation = StageContext.Conversation(prompt),
            ResponseAId = pair.A.ResponseId,
            ResponseBId = pair.B.ResponseId,
            ResponseA = pair.A.Text,
            ResponseB = pair.B.Text,
            Seed = (ulong)context.SeedFor(pair.Item),
            JudgeVersion = options.JudgeVersion,
        });
}
