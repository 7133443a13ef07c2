namespace Rlhf.Clients.Reward;

/// <summary>What the service serves now, and its limits.</summary>
/// <param name="LatestVersion">Null before the first reward model.</param>
/// <param name="TokenizerHash">SHA-256 of the tokenizer's files, of the latest version.</param>
/// <param name="ContextLength">The most tokens of an item.</param>
/// <param name="MaxItemsPerRequest">The most items of one call.</param>
/// <param name="MaxMessageBytes">The largest message.</param>
/// <param name="Heads">The heads of the latest version that can be asked for by name.</param>
public sealed record RewardServiceInfo(
    string? LatestVersion, string TokenizerHash, int ContextLength, int MaxItemsPerRequest, int MaxMessageBytes, IReadOnlyList<string> Heads);
