namespace Rlhf.LanguageModels.Sampling;

/// <summary>Gives log-probabilities of given continuations. For one thread at a time.</summary>
public interface IScorer
{
    /// <summary>Scores each continuation.</summary>
    /// <param name="requests">The continuations.</param>
    /// <param name="temperature">Divides the logits; above 0.</param>
    /// <returns>For each request the natural log-probability of each continuation token.</returns>
    /// <exception cref="ArgumentException">A part is empty, or a request does not fit the context, or the temperature is not above 0.</exception>
    IReadOnlyList<float[]> Logprobs(IReadOnlyList<ScoringRequest> requests, double temperature);
}
