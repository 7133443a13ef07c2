using Rlhf.Learner.Rollouts;
using Rlhf.Learner.Training;

namespace Rlhf.Learner.Ppo;

/// <summary>What a PPO job has reported so far; after a kill it is reported again, so that the job's account is whole.</summary>
internal sealed record PpoProgress
{
    /// <summary>Every step done, with its figures.</summary>
    public List<TrainingStep> Steps { get; init; } = [];

    /// <summary>What a person was told to look at.</summary>
    public List<string> Warnings { get; init; } = [];

    /// <summary>The prompts that were dropped for good.</summary>
    public List<PromptRemoval> Removals { get; init; } = [];

    /// <summary>Rollouts that could not be used, by reason.</summary>
    public SortedDictionary<string, long> Refused { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Counts a rollout that can't be used.</summary>
    public void Refuse(string reason) => Refused[reason] = Refused.GetValueOrDefault(reason) + 1;

    /// <summary>A trainer's results, with those of the steps before a cut.</summary>
    public IReadOnlyDictionary<string, double> Complete(IReadOnlyDictionary<string, double> results)
    {
        if (Steps.Count == 0)
        {
            return results;
        }

        return new Dictionary<string, double>(results)
        {
            ["score_first"] = Steps[0].Values["score"],
            ["score_last"] = Steps[^1].Values["score"],
            ["kl_final"] = Steps[^1].Values["kl"],
        };
    }
}
