namespace Rlhf.Reward.Models;

/// <summary>Why a canary went back.</summary>
internal enum CanaryAlarm
{
    /// <summary>It gave a score that is not a finite number.</summary>
    NotFinite,

    /// <summary>Its scores, of the probe set or of what callers send, are too far from the latest version's.</summary>
    Drift,

    /// <summary>Scoring with it failed.</summary>
    Failed,

    /// <summary>Another replica saw one of these.</summary>
    Elsewhere,
}
