using Rlhf.Coordinator.Runs;
using Rlhf.V1;

namespace Rlhf.Coordinator.Stages;

/// <summary>Reinforcement learning from the fine-tuned model against the reward model; the Learner asks for the rollouts itself.</summary>
internal sealed class PpoStage(PpoStageOptions options) : IStage
{
    public async Task RunAsync(StageContext context, CancellationToken cancellationToken)
    {
        var policy = await context.PublishedByAsync<FineTuningOptions>(cancellationToken) ?? PolicyVersions.Base;
        var rewardModel = await context.PublishedByAsync<RewardModelStageOptions>(cancellationToken)
            ?? throw new StageFailedException($"stage '{context.Name}' needs a stage '{StageKinds.RewardModel}' before it");
        var data = new JobData
        {
            Prompts =
            {
                context.Run.Prompts.Training.Select(prompt => new PromptExample
                {
                    PromptId = prompt.PromptId,
                    Prompt = new Prompt { Conversation = StageContext.Conversation(prompt) },
                }),
            },
        };
        var job = await context.RunJobAsync(
            specification =>
            {
                specification.InitialVersion = policy;
                specification.Ppo = options.ToRequest(rewardModel);
            },
            data,
            doneBefore: 0,
            unit: "steps",
            Describe,
            cancellationToken);
        context.ReportResults(new SortedDictionary<string, double>(job.Results));
    }

    private static string Describe(StepMetrics step) => string.Join(", ",
        new[] { ("score", "score"), ("KL", "kl") }
            .Where(figure => step.Values.ContainsKey(figure.Item2))
            .Select(figure => FormattableString.Invariant($"{figure.Item1} {step.Values[figure.Item2]:0.00}")));
}
