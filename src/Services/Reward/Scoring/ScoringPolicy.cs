using Rlhf.V1;

namespace Rlhf.Reward.Scoring;

/// <summary>What a caller allows and wants.</summary>
/// <param name="Truncation">What happens to items that are too long.</param>
/// <param name="Cache">Whether scores are looked up and kept.</param>
/// <param name="IncludeMembers">Whether results carry each member's score.</param>
internal sealed record ScoringPolicy(TruncationPolicy Truncation, CachePolicy Cache, bool IncludeMembers)
{
    /// <summary>Nothing is cut, the cache is used.</summary>
    public static ScoringPolicy Default { get; } = new(TruncationPolicy.Error, CachePolicy.Use, IncludeMembers: false);
}
