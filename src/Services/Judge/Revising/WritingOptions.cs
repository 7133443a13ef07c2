namespace Rlhf.Judge.Revising;

/// <summary>Who writes and how.</summary>
/// <param name="Version">The policy version that is sampled.</param>
/// <param name="MaxNewTokens">Longest text in tokens, 1 or more.</param>
/// <param name="Seed">The same seed gives the same text.</param>
internal sealed record WritingOptions(string Version, int MaxNewTokens, ulong Seed);
