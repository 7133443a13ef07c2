namespace Rlhf.Clients.Reward;

/// <summary>A reward model that can be asked for.</summary>
/// <param name="Version">Its id.</param>
/// <param name="Aliases">What else it is called now: "latest", "canary".</param>
/// <param name="IsLoaded">Whether it is in the memory of the replica that was asked.</param>
/// <param name="CreatedAt">When it was published; null for models from folders.</param>
/// <param name="Heads">The heads that can be asked for by name, where the model has one for each source.</param>
public sealed record RewardModelInfo(string Version, IReadOnlyList<string> Aliases, bool IsLoaded, DateTimeOffset? CreatedAt, IReadOnlyList<string> Heads);
