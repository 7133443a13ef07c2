using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling.Batching;
using Rlhf.Tokenization;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>Draws and scores given lists on the processor, each as a <see cref="RunningBatch"/> of its own.</summary>
public sealed class ContinuousSampler(DecodingModel model, TextTokenizer tokenizer) : ISampler, IScorer
{
    /// <inheritdoc/>
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

    /// <inheritdoc/>
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
