namespace Rlhf.LanguageModels.Sampling;

/// <summary>A token that could have been drawn.</summary>
/// <param name="Token">Its id.</param>
/// <param name="Logprob">Natural log-probability under the untruncated distribution at the temperature; negative infinity where its probability is below what float32 holds.</param>
public readonly record struct TokenAlternative(int Token, float Logprob);
