namespace Rlhf.Messaging;

/// <summary>Routing keys on the exchange <see cref="BrokerTopology.Exchange"/>: requests, and facts in the past tense.</summary>
public static class RoutingKeys
{
    /// <summary>Body RevisionRequested: answer a prompt, then critique and revise the answer.</summary>
    public const string RevisionsRequested = "revisions.requested";

    /// <summary>Body RevisionCompleted.</summary>
    public const string RevisionsCompleted = "revisions.completed";

    /// <summary>Body RolloutRequested: sample responses to a prompt.</summary>
    public const string RolloutsRequested = "rollouts.requested";

    /// <summary>Body RolloutGenerated.</summary>
    public const string RolloutsGenerated = "rollouts.generated";

    /// <summary>Body RolloutScored: only for rollouts whose request named a reward model.</summary>
    public const string RolloutsScored = "rollouts.scored";

    /// <summary>Body ComparisonRequested: which of two responses is better.</summary>
    public const string ComparisonsRequested = "comparisons.requested";

    /// <summary>Body PreferenceRecorded.</summary>
    public const string PreferencesRecorded = "preferences.recorded";

    /// <summary>Body VersionPublished: a policy or a policy adapter; fan-out to every process that subscribes.</summary>
    public const string PolicyPublished = "policy.published";

    /// <summary>Body VersionPublished: a reward model; fan-out to every process that subscribes.</summary>
    public const string RewardModelPublished = "reward-model.published";

    /// <summary>Whether a message of this key is work that somebody must do, so that it may not vanish unrouted.</summary>
    /// <param name="routingKey">A routing key of this class.</param>
    public static bool IsRequest(string routingKey) => routingKey.EndsWith(".requested", StringComparison.Ordinal);
}
