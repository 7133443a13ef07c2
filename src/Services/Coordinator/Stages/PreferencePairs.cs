using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;
using Rlhf.V1;

namespace Rlhf.Coordinator.Stages;

/// <summary>The comparisons of a stage as the Learner takes them, those of some prompts kept out of training.</summary>
/// <param name="Examples">All of them, in the order of their ids.</param>
/// <param name="HeldOutPrompts">Whose pairs are only measured on.</param>
internal sealed record PreferencePairs(IReadOnlyList<PreferenceExample> Examples, IReadOnlySet<string> HeldOutPrompts)
{
    /// <summary>Reads them from the ledger.</summary>
    /// <param name="context">Of the stage that trains; its seed draws the prompts that are kept out.</param>
    /// <param name="preferencesStage">The stage that compared.</param>
    /// <param name="heldOutShare">Share of the prompts that are kept out: at least one, not all, and those of the evaluation among them.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="StageFailedException">Fewer than two prompts have a comparison.</exception>
    public static async Task<PreferencePairs> ReadAsync(
        StageContext context, string preferencesStage, double heldOutShare, CancellationToken cancellationToken)
    {
        await using var ledger = await context.OpenLedgerAsync(cancellationToken);
        var comparisons = await ledger.Comparisons.AsNoTracking()
            .Where(comparison => comparison.RunId == context.Run.RunId && comparison.Stage == preferencesStage)
            .OrderBy(comparison => comparison.MessageId)
            .ToListAsync(cancellationToken);
        var texts = await ledger.Responses.AsNoTracking()
            .Where(response => response.RunId == context.Run.RunId)
            .ToDictionaryAsync(response => response.ResponseId, response => response.Text, cancellationToken);
        var prompts = PromptsOf(context);
        var sources = SourcesOf(context);
        var heldOut = HeldOut(context, comparisons.Select(comparison => comparison.PromptId).Distinct(), heldOutShare);
        return new PreferencePairs(
            [
                .. comparisons.Select(comparison => new PreferenceExample
                {
                    Prompt = prompts[comparison.PromptId],
                    ResponseA = texts[comparison.ResponseAId],
                    ResponseB = texts[comparison.ResponseBId],
                    PreferenceA = comparison.PreferenceA,
                    HeldOut = heldOut.Contains(comparison.PromptId),
                    Source = sources[comparison.PromptId],
                }),
            ],
            heldOut);
    }

    /// <summary>The run's prompts by their ids.</summary>
    public static IReadOnlyDictionary<string, Prompt> PromptsOf(StageContext context) => context.Run.Prompts.All.ToDictionary(
        prompt => prompt.PromptId,
        prompt => new Prompt { Conversation = StageContext.Conversation(prompt) });

    /// <summary>What a reward model takes for the source of a response to each prompt: the prompt's kind, or none where that isn't known.</summary>
    public static IReadOnlyDictionary<string, string> SourcesOf(StageContext context) => context.Run.Prompts.All.ToDictionary(
        prompt => prompt.PromptId,
        prompt => prompt.Kind switch { PromptKind.Harmful => "harmful", PromptKind.Harmless => "harmless", _ => "" });

    private static HashSet<string> HeldOut(StageContext context, IEnumerable<string> promptIds, double share)
    {
        // Pairs from a file may be of prompts that no stage is to train on: those first.
        var evaluation = context.Run.Prompts.Evaluation.Select(prompt => prompt.PromptId).ToHashSet();
        var shuffled = promptIds.OrderBy(id => !evaluation.Contains(id)).ThenBy(id => context.SeedFor("held-out/" + id)).ToList();
        if (shuffled.Count < 2)
        {
            throw new StageFailedException(
                $"stage '{context.Name}' needs compared answers to two prompts at least: one to learn from, one to be measured on");
        }

        var wanted = Math.Max((int)Math.Round(shuffled.Count * share), shuffled.Count(evaluation.Contains));
        var count = Math.Clamp(wanted, 1, shuffled.Count - 1);
        return [.. shuffled.Take(count)];
    }
}
