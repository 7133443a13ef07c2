namespace Rlhf.LanguageModels.Sampling;

/// <summary>A drawn response.</summary>
/// <param name="TokenIds">Its tokens, with the end-of-sequence token when it was drawn.</param>
/// <param name="Logprobs">Natural log-probability of each token under the untruncated distribution at the temperature (at 1 where the temperature is 0).</param>
/// <param name="Text">The text, trimmed, without stop text.</param>
/// <param name="Finish">Why it ended.</param>
public sealed record SampledSequence(int[] TokenIds, float[] Logprobs, string Text, FinishKind Finish);
