namespace Rlhf.Learner.Data;

/// <summary>Two responses to one prompt, and which is better.</summary>
/// <param name="A">Prompt and first response.</param>
/// <param name="B">Prompt and second response.</param>
/// <param name="PreferenceA">Probability that A is better, 0 to 1.</param>
/// <param name="IsHeldOut">Whether the pair is only measured on.</param>
internal sealed record EncodedPair(EncodedExample A, EncodedExample B, double PreferenceA, bool IsHeldOut);
