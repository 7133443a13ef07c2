using Rlhf.Coordinator.Runs;
using Rlhf.V1;

namespace Rlhf.Coordinator.Stages;

/// <summary>Trains the fine-tuned model on the comparisons directly; its accuracy is measured on prompts kept out.</summary>
internal sealed class DpoStage(DpoStageOptions options) : IStage
{
    public async Task RunAsync(StageContext context, CancellationToken cancellationToken)
    {
        var preferences = await context.RequireAsync<PreferencesOptions>(StageKinds.Preferences, cancellationToken);
        var policy = await context.PublishedByAsync<FineTuningOptions>(cancellationToken) ?? PolicyVersions.Base;
        var pairs = await PreferencePairs.ReadAsync(context, preferences.Name, options.HeldOut, cancellationToken);
        var job = await context.RunJobAsync(
            specification =>
            {
                specification.InitialVersion = policy;
                specification.Dpo = new DpoOptions
                {
                    Loss = options.Loss == "identity" ? DirectPreferenceLoss.Identity : DirectPreferenceLoss.Logistic,
                    Beta = options.Beta,
                    LabelSmoothing = options.LabelSmoothing,
                    Epochs = options.Epochs,
                    BatchSize = options.BatchSize,
                    LearningRate = options.LearningRate,
                    LoraRank = options.LoraRank,
                    FullFineTuning = options.FullFineTuning,
                    Precision = options.RequestedPrecision,
                    RecomputeActivations = options.RecomputeActivations,
                };
            },
            new JobData { Preferences = { pairs.Examples } },
            doneBefore: 0,
            unit: "steps",
            step => step.Values.TryGetValue("loss", out var loss) ? FormattableString.Invariant($"loss {loss:0.000}") : "",
            cancellationToken);
        context.ReportResults(new SortedDictionary<string, double>(job.Results) { ["pairs"] = pairs.Examples.Count });
    }
}
