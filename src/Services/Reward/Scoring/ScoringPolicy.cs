using Rlhf.V1;

namespace Rlhf.Reward.Scoring;

/// <summary>What a caller allows and wants.</summary>
/// <param name="Truncation">What happens to items that are too long.</param>
/// <param name="Cache">Whether scores are looked up and kept.</param>
/// <param name="IncludeMembers">Whether results carry each member's score.</param>
/// <param name="Head">The source's head whose score is wanted; empty is all together.</param>
/// <param name="Caller">Who it is; callers take turns.</param>
internal sealed record ScoringPolicy(TruncationPolicy Truncation, CachePolicy Cache, bool IncludeMembers, string Head, string Caller)
{
    /// <summary>The queue is one caller: nothing is cut, the cache is used.</summary>
    public static ScoringPolicy Queue { get; } = new(TruncationPolicy.Error, CachePolicy.Use, IncludeMembers: false, Head: "", "queue");
}
