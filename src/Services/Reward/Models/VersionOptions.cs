using System.ComponentModel.DataAnnotations;

namespace Rlhf.Reward.Models;

/// <summary>How one reward model takes over from another. Configuration section "Versions".</summary>
internal sealed record VersionOptions
{
    public const string Section = "Versions";

    /// <summary>Replicas of one group agree on versions through Redis; systems that share a Redis need a group each.</summary>
    [Required]
    public string Group { get; init; } = "default";

    /// <summary>
    /// The version that "latest" means, whatever is published: a published one, or a name of Reward:Models. Empty for the newest. This is how a
    /// model is rolled back.
    /// </summary>
    public string Pinned { get; init; } = "";

    /// <summary>The share of the calls for "latest" that a new version gets while it is the canary. 0: a new version takes over at once.</summary>
    [Range(0.0, 1.0)]
    public double CanaryShare { get; init; }

    /// <summary>How long a canary must go without an alarm before it takes over.</summary>
    [Range(1, 7 * 86400)]
    public int CanarySeconds { get; init; } = 600;

    /// <summary>How often a canary scores the probe set again. One that gives numbers it should not is back within that time and a pass.</summary>
    [Range(1, 3600)]
    public int ProbeSeconds { get; init; } = 5;

    /// <summary>
    /// The most by which a canary's normalised scores may differ from the latest version's, as a root mean square: of the probe set, and where it
    /// is the shadow too, of the last items that callers sent.
    /// </summary>
    [Range(0.0, 1e6)]
    public double MaxProbeDrift { get; init; } = 3;

    /// <summary>
    /// A version that scores what the latest has scored, beside it, for the metrics, and for the drift of a canary: an id, "canary", or empty for
    /// none.
    /// </summary>
    public string Shadow { get; init; } = "";

    /// <summary>Items that may wait for the shadow; what comes beyond that is left out and counted.</summary>
    [Range(1, 1 << 20)]
    public int MaxShadowItems { get; init; } = 2048;
}
