using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>Log-probabilities of given continuations with tensors, on any device.</summary>
public sealed class ContinuationScorer(CausalLanguageModel model) : IScorer
{
    // Logits of one product: 16 M float32 are 64 MB.
    private const int MaxLogits = 16 << 20;

    /// <inheritdoc/>
    /// <remarks>Bucketed by length; logits are made for continuation tokens only.</remarks>
    public IReadOnlyList<float[]> Logprobs(IReadOnlyList<ScoringRequest> requests, double temperature)
    {
        ScoringRequest.Check(requests, temperature, model.Config.ContextLength);
        var scores = new float[requests.Count][];
        using var noGradients = no_grad();
        foreach (var bucket in LengthBuckets.Split(requests, r => r.Length, LengthBuckets.DefaultTokens))
        {
            ScoreBucket(requests, bucket, temperature, scores);
        }

        return scores;
    }

    private void ScoreBucket(IReadOnlyList<ScoringRequest> requests, List<int> bucket, double temperature, float[][] scores)
    {
        using var scope = NewDisposeScope();
        using var tokens = new TokenBatch([.. bucket.Select(i => (int[])[.. requests[i].PromptTokens, .. requests[i].ContinuationTokens])], model.Device);
        var length = tokens.Ids.shape[1];

        // The hidden state before a token predicts it.
        var before = bucket.Index().SelectMany(b => Positions(requests[b.Item], b.Index * length)).ToArray();
        var hidden = model.Hidden(tokens.Ids).flatten(0, 1).index_select(0, tensor(before).to(model.Device)); // [N, C]
        var targets = tokens.Ids.flatten().index_select(0, tensor(before).to(model.Device) + 1); // [N]
        var logprobs = new List<float>(before.Length);
        var chunk = Math.Max(1, MaxLogits / model.Config.VocabularySize);
        for (var start = 0; start < before.Length; start += chunk)
        {
            using var inner = NewDisposeScope();
            var count = Math.Min(chunk, before.Length - start);
            var logits = model.Logits(hidden.narrow(0, start, count)).to(float32) / temperature; // [n, V]
            var picked = nn.functional.log_softmax(logits, -1).gather(1, targets.narrow(0, start, count).unsqueeze(1)); // [n, 1]
            logprobs.AddRange(picked.cpu().data<float>().ToArray());
        }

        var offset = 0;
        foreach (var index in bucket)
        {
            var count = requests[index].ContinuationTokens.Length;
            scores[index] = [.. logprobs.GetRange(offset, count)];
            offset += count;
        }
    }

    private static IEnumerable<long> Positions(ScoringRequest request, long rowStart) =>
        Enumerable.Range(request.PromptTokens.Length - 1, request.ContinuationTokens.Length).Select(p => rowStart + p);
}
