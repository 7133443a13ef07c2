namespace Rlhf.Reward.Models;

/// <summary>Which version a call goes to.</summary>
/// <param name="VersionId">The version.</param>
/// <param name="IsCanaryShare">Whether the call asked for the latest and is of the canary's share: the latest stands in when the canary fails.</param>
/// <param name="IsLatest">Whether the call asked for the latest and got it.</param>
internal sealed record ModelRoute(string VersionId, bool IsCanaryShare, bool IsLatest);
