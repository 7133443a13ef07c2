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
                    HeadPerSource = options.HeadPerSource,
                    PooledTokens = options.PooledTokens,
                    Precision = options.RequestedPrecision,
                    RecomputeActivations = options.RecomputeActivations,
                };
            },
            data,
            doneBefore: 0,
            unit: "steps",
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
        var pairs = await PreferencePairs.ReadAsync(context, preferencesStage, options.HeldOut, cancellationToken);
        await using var ledger = await context.OpenLedgerAsync(cancellationToken);
        var ratings = await ledger.Ratings.AsNoTracking()
            .Where(rating => rating.RunId == context.Run.RunId)
            .OrderBy(rating => rating.ResponseId)
            .ToListAsync(cancellationToken);
        var texts = await ledger.Responses.AsNoTracking()
            .Where(response => response.RunId == context.Run.RunId)
            .ToDictionaryAsync(response => response.ResponseId, response => response.Text, cancellationToken);
        var prompts = PreferencePairs.PromptsOf(context);
        var sources = PreferencePairs.SourcesOf(context);
        return new JobData
        {
            Preferences = { pairs.Examples },
            Ratings =
            {
                ratings.Select(rating => new RatedExample
                {
                    Prompt = prompts[rating.PromptId],
                    Response = texts[rating.ResponseId],
                    Rating = options.Ratings == RatingScale.Elo ? rating.Elo : rating.BradleyTerry,
                    HeldOut = pairs.HeldOutPrompts.Contains(rating.PromptId),
                    Source = sources[rating.PromptId],
                }),
            },
        };
    }
}
