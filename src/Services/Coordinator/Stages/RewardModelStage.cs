using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Runs;
using Rlhf.V1;

namespace Rlhf.Coordinator.Stages;

/// <summary>Trains the reward model on the comparisons and the ratings; its accuracy is measured on prompts kept out of both.</summary>
internal sealed class RewardModelStage(RewardModelStageOptions options) : IStage
{
    public async Task RunAsync(StageContext context, CancellationToken cancellationToken)
    {
        var preferences = await context.RequireAsync<PreferencesOptions>(StageKinds.Preferences, cancellationToken);
        var data = await DataAsync(context, preferences.Name, cancellationToken);
        var job = await context.RunJobAsync(
            specification =>
            {
                specification.InitialVersion = PolicyVersions.Base;
                specification.RewardModel = new RewardModelOptions
                {
                    Loss = options.Loss switch
                    {
                        "pairwise" => RewardLoss.Pairwise,
                        "absolute-regression" => RewardLoss.AbsoluteRatingRegression,
                        _ => RewardLoss.RatingRegression,
                    },
                    Epochs = options.Epochs,
                    BatchSize = options.BatchSize,
                    LearningRate = options.LearningRate,
                    Members = options.Members,
                };
            },
            data,
            doneBefore: 0,
            step => step.Values.TryGetValue("regression_loss", out var loss) ? FormattableString.Invariant($"loss on ratings {loss:0.000}")
                : step.Values.TryGetValue("pairwise_loss", out loss) ? FormattableString.Invariant($"loss on pairs {loss:0.000}")
                : "",
            cancellationToken);
        context.ReportResults(new SortedDictionary<string, double>(job.Results)
        {
            ["pairs"] = data.Preferences.Count,
            ["pairs_held_out"] = data.Preferences.Count(pair => pair.HeldOut),
        });
        if (job.Results.TryGetValue("pairwise_accuracy", out var accuracy))
        {
            context.Report(context.Row.Done, context.Row.Wanted, "steps", FormattableString.Invariant($"accuracy {accuracy:P1} on unseen pairs"));
        }
    }

    private async Task<JobData> DataAsync(StageContext context, string preferencesStage, CancellationToken cancellationToken)
    {
        await using var ledger = await context.OpenLedgerAsync(cancellationToken);
        var comparisons = await ledger.Comparisons.AsNoTracking()
            .Where(comparison => comparison.RunId == context.Run.RunId && comparison.Stage == preferencesStage)
            .OrderBy(comparison => comparison.MessageId)
            .ToListAsync(cancellationToken);
        var ratings = await ledger.Ratings.AsNoTracking()
            .Where(rating => rating.RunId == context.Run.RunId)
            .OrderBy(rating => rating.ResponseId)
            .ToListAsync(cancellationToken);
        var texts = await ledger.Responses.AsNoTracking()
            .Where(response => response.RunId == context.Run.RunId)
            .ToDictionaryAsync(response => response.ResponseId, response => response.Text, cancellationToken);
        var prompts = context.Run.Prompts.All.ToDictionary(
            prompt => prompt.PromptId,
            prompt => new Prompt { Conversation = StageContext.Conversation(prompt) });
        var heldOut = HeldOut(context, comparisons.Select(comparison => comparison.PromptId).Distinct());

        return new JobData
        {
            Preferences =
            {
                comparisons.Select(comparison => new PreferenceExample
                {
                    Prompt = prompts[comparison.PromptId],
                    ResponseA = texts[comparison.ResponseAId],
                    ResponseB = texts[comparison.ResponseBId],
                    PreferenceA = comparison.PreferenceA,
                    HeldOut = heldOut.Contains(comparison.PromptId),
                }),
            },
            Ratings =
            {
                ratings.Select(rating => new RatedExample
                {
                    Prompt = prompts[rating.PromptId],
                    Response = texts[rating.ResponseId],
                    Rating = options.Ratings == RatingScale.Elo ? rating.Elo : rating.BradleyTerry,
                    HeldOut = heldOut.Contains(rating.PromptId),
                }),
            },
        };
    }

    /// <summary>The prompts whose pairs are kept out: at least one, and not all.</summary>
    private HashSet<string> HeldOut(StageContext context, IEnumerable<string> promptIds)
    {
        var shuffled = promptIds.OrderBy(id => context.SeedFor("held-out/" + id)).ToList();
        if (shuffled.Count < 2)
        {
            throw new StageFailedException("a reward model needs compared answers to two prompts at least: one to learn from, one to be measured on");
        }

        var count = Math.Clamp((int)Math.Round(shuffled.Count * options.HeldOut), 1, shuffled.Count - 1);
        return [.. shuffled.Take(count)];
    }
}
