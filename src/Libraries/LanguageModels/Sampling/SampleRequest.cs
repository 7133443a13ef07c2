namespace Rlhf.LanguageModels.Sampling;

/// <summary>One response that is asked for.</summary>
/// <param name="PromptTokens">1 token or more, fewer than the context length.</param>
/// <param name="Settings">How it is drawn.</param>
public sealed record SampleRequest(int[] PromptTokens, SamplingSettings Settings);
