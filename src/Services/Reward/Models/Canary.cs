using Rlhf.V1;

namespace Rlhf.Reward.Models;

/// <summary>A version on trial.</summary>
/// <param name="Version">Which.</param>
/// <param name="Since">When its trial began.</param>
internal sealed record Canary(ModelVersion Version, DateTimeOffset Since);
