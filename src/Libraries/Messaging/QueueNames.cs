namespace Rlhf.Messaging;

/// <summary>Durable queues. The dead letters of queue NAME lie in NAME.dead.</summary>
public static class QueueNames
{
    /// <summary>The generator pool's work: rollouts.requested.</summary>
    public const string GeneratorRollouts = "generator.rollouts";

    /// <summary>The reward service's work: rollouts.generated.</summary>
    public const string RewardRollouts = "reward.rollouts";

    /// <summary>The judge's work: revisions.requested.</summary>
    public const string JudgeRevisions = "judge.revisions";

    /// <summary>The judge's work: comparisons.requested.</summary>
    public const string JudgeComparisons = "judge.comparisons";

    /// <summary>The learner's input: rollouts.scored.</summary>
    public const string LearnerRollouts = "learner.rollouts";

    /// <summary>Everything that the Coordinator writes down.</summary>
    public const string CoordinatorLedger = "coordinator.ledger";

    /// <summary>Where messages go that could not be handled.</summary>
    /// <param name="queue">A durable queue.</param>
    public static string DeadLettersOf(string queue) => queue + ".dead";
}
