using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling.Batching;
using Rlhf.Tokenization;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>Draws and scores given lists, each as a <see cref="RunningBatch"/> of its own. For one thread at a time.</summary>
public sealed class ContinuousSampler(DecodingModel model, TextTokenizer tokenizer)
{
    /// <summary>Draws a response for each request.</summary>
    /// <returns>As many responses as requests, in their order.</returns>
    /// <exception cref="ArgumentException">A setting is out of range, or a prompt is empty or leaves no room in the context.</exception>
    /// <exception cref="OperationCanceledException">Cancelled between two tokens.</exception>
    public IReadOnlyList<SampledSequence> Sample(IReadOnlyList<SampleRequest> requests, CancellationToken cancellationToken)
    {
        var sampled = new SampledSequence[requests.Count];
        using var batch = new RunningBatch(model, tokenizer, long.MaxValue);
        foreach (var (index, request) in requests.Index())
        {
            batch.Add(request, listener: null, response => sampled[index] = response, CancellationToken.None);
        }

        RunToEnd(batch, cancellationToken);
        return sampled;
    }

    /// <summary>Scores each continuation.</summary>
    /// <param name="requests">The continuations.</param>
    /// <param name="temperature">Divides the logits; above 0.</param>
    /// <returns>For each request the natural log-probability of each continuation token.</returns>
    /// <exception cref="ArgumentException">A part is empty, or a request does not fit the context, or the temperature is not above 0.</exception>
    public IReadOnlyList<float[]> Logprobs(IReadOnlyList<ScoringRequest> requests, double temperature)
    {
        var scores = new float[requests.Count][];
        using var batch = new RunningBatch(model, tokenizer, long.MaxValue);
        foreach (var (index, request) in requests.Index())
        {
            batch.Add(request, temperature, logprobs => scores[index] = logprobs, CancellationToken.None);
        }

        RunToEnd(batch, CancellationToken.None);
        return scores;
    }

    private static void RunToEnd(RunningBatch batch, CancellationToken cancellationToken)
    {
        while (!batch.IsIdle)
        {
            cancellationToken.ThrowIfCancellationRequested();
            batch.Step();
        }
    }
}
