namespace Rlhf.LanguageModels.Sampling;

/// <summary>A given continuation whose log-probabilities are asked for.</summary>
/// <param name="PromptTokens">1 token or more.</param>
/// <param name="ContinuationTokens">1 token or more; prompt and continuation together fit the context.</param>
public sealed record ScoringRequest(int[] PromptTokens, int[] ContinuationTokens)
{
    /// <summary>Prompt and continuation, in tokens.</summary>
    public int Length => PromptTokens.Length + ContinuationTokens.Length;

    /// <exception cref="ArgumentException">A part is empty, or a request does not fit the context, or the temperature is not above 0.</exception>
    internal static void Check(IReadOnlyList<ScoringRequest> requests, double temperature, int contextLength)
    {
        if (!(temperature is > 0 and <= 100))
        {
            throw new ArgumentException($"temperature is {temperature}; it must be above 0 and at most 100.", nameof(temperature));
        }

        if (requests.FirstOrDefault(r => r.PromptTokens.Length == 0 || r.ContinuationTokens.Length == 0 || r.Length > contextLength) is { } bad)
        {
            throw new ArgumentException(
                $"A prompt of {bad.PromptTokens.Length} and a continuation of {bad.ContinuationTokens.Length} tokens; neither may be empty, and {contextLength} fit together.",
                nameof(requests));
        }
    }
}
