using Rlhf.Learner.Jobs;
using Rlhf.Learner.Rollouts;
using Rlhf.Learner.Training;

namespace Rlhf.Learner.Ppo;

/// <summary>
/// Gives PPO each step's rollouts, and keeps them before they are trained on: a step that was cut off in its update has them
/// already, and nobody samples again. Keeps account of what is reported as well.
/// </summary>
/// <param name="job">Gets everything that is reported.</param>
/// <param name="state">Where rollouts are kept.</param>
/// <param name="progress">What had been reported before a cut, which is reported again.</param>
/// <param name="inbox">Where rollouts are written down as they arrive.</param>
internal sealed class KeptSteps(TrainingJob job, TrainingState state, PpoProgress progress, Func<long, RolloutLog> inbox) : IProgress<TrainingStep>
{
    private readonly List<string> _refused = [];

    /// <summary>Reports again what had been reported before a cut.</summary>
    public void Repeat()
    {
        foreach (var step in progress.Steps)
        {
            job.Report(step);
        }

        progress.Warnings.ForEach(job.Warn);
        foreach (var (reason, count) in progress.Refused)
        {
            for (var i = 0L; i < count; i++)
            {
                job.Refuse(reason);
            }
        }
    }

    /// <summary>Counts an item of the step under way that can't be used.</summary>
    public void Refuse(string reason)
    {
        _refused.Add(reason);
        progress.Refuse(reason);
        job.Refuse(reason);
    }

    /// <summary>Tells what a person should look at.</summary>
    public void Warn(string message)
    {
        progress.Warnings.Add(message);
        job.Warn(message);
    }

    /// <inheritdoc/>
    public void Report(TrainingStep value)
    {
        progress.Steps.Add(value);
        job.Report(value);
    }

    /// <summary>A step's rollouts: kept ones of this version, or those that the collector gives.</summary>
    /// <param name="collector">Asks for rollouts; it passes over the prompts of a step whose rollouts are kept.</param>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="policyVersion">The version that samples.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TrainingException">None came for long, or nearly all failed.</exception>
    public IReadOnlyList<Rollout> Collect(RolloutCollector collector, long step, string policyVersion, CancellationToken cancellationToken)
    {
        _refused.Clear();
        if (state.RolloutsOf(step) is { } kept && kept.PolicyVersion == policyVersion)
        {
            collector.SkipStep(kept.Removals);
            progress.Removals.AddRange(kept.Removals);
            foreach (var reason in kept.Refused)
            {
                Refuse(reason);
            }

            return kept.Rollouts;
        }

        var rollouts = collector.Collect(step, policyVersion, cancellationToken);
        PromptRemoval[] removals = [.. collector.Removals.Where(removal => removal.Step == step)];
        progress.Removals.AddRange(removals);
        if (state.SaveRollouts(step, new CollectedStep(policyVersion, rollouts, removals, [.. _refused])))
        {
            inbox(step).Delete();
        }

        return rollouts;
    }
}
