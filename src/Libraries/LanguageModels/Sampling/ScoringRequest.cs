namespace Rlhf.LanguageModels.Sampling;

/// <summary>A given continuation whose log-probabilities are asked for.</summary>
/// <param name="PromptTokens">1 token or more.</param>
/// <param name="ContinuationTokens">1 token or more; prompt and continuation together fit the context.</param>
public sealed record ScoringRequest(int[] PromptTokens, int[] ContinuationTokens)
{
    /// <summary>Prompt and continuation, in tokens.</summary>
    public int Length => PromptTokens.Length + ContinuationTokens.Length;
}
