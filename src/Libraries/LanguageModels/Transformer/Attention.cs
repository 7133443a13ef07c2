using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Causal self-attention; several query heads may share a key-value head (Ainslie et al. 2023, arXiv:2305.13245).</summary>
/// <param name="config">The model's shape.</param>
/// <param name="layer">Which layer's attention this is.</param>
/// <param name="queryKeyValue">Three layers, or one with the outputs of all.</param>
/// <param name="output">Back into the stream.</param>
/// <param name="queryNorm">Of each head's queries; null is none.</param>
/// <param name="keyNorm">Of each head's keys; null is none.</param>
internal sealed class Attention(
    ModelConfig config, int layer, IReadOnlyList<Projection> queryKeyValue, Projection output, Norm? queryNorm, Norm? keyNorm)
{
    private readonly int _group = config.Heads / config.KeyValueHeads; // G, query heads a key-value head
    private readonly bool _isWindowed = config.Window?.Covers(layer) == true;

    public IReadOnlyList<Projection> QueryKeyValue => queryKeyValue;

    public Projection Output => output;

    public Norm? QueryNorm => queryNorm;

    public Norm? KeyNorm => keyNorm;

    /// <summary>Attends within whole sequences, and keeps keys and values where a cache is given.</summary>
    /// <param name="x">[B, S, C]. Padding stands on the right, where no earlier token attends to it.</param>
    public Tensor Forward(Tensor x, (Tensor Cosine, Tensor SignedSine)? rotary, CausalMasks masks, KeyValueCache.Layer? cache)
    {
        var (batch, length) = (x.shape[0], x.shape[1]);
        var (q, k, v) = Project(x, rotary); // [B, H, S, D], [B, K, S, D] twice
        cache?.Fill(k, v);
        var attended = Attend(q, k, v.to(k.dtype), masks.Of(layer)); // [B, H, S, D]
        return output.Forward(attended.transpose(1, 2).reshape(batch, length, -1).to(x.dtype)); // [B, S, C]
    }

    /// <summary>Attends from one new token a row to what the cache holds.</summary>
    /// <param name="x">[B, 1, C].</param>
    public Tensor Step(Tensor x, (Tensor Cosine, Tensor SignedSine)? rotary, KeyValueCache cache, KeyValueCache.Layer kept)
    {
        var batch = x.shape[0];
        var (q, k, v) = Project(x, rotary); // [B, H, 1, D], [B, K, 1, D] twice
        kept.Append(k, v, cache.Positions);
        var (keys, values) = kept.First(cache.LongestLength); // [B, K, S, D]
        // A plain product beats the fused kernel for one query a head.
        var grouped = q.reshape(batch, config.KeyValueHeads, _group, config.HeadSize); // [B, K, G, D]
        var scores = Cap(grouped.matmul(keys.transpose(2, 3)).mul_(config.AttentionScale)); // [B, K, G, S]
        var weights = scores.masked_fill_(cache.HiddenMask(_isWindowed), float.NegativeInfinity).softmax(-1); // [B, K, G, S]
        return output.Forward(weights.matmul(values).view(batch, 1, -1)); // [B, 1, C]
    }

    private (Tensor Queries, Tensor Keys, Tensor Values) Project(Tensor x, (Tensor Cosine, Tensor SignedSine)? rotary)
    {
        var parts = queryKeyValue.Count == 1
            ? queryKeyValue[0].Forward(x).split([config.Heads * config.HeadSize, config.KeyValueHeads * config.HeadSize, config.KeyValueHeads * config.HeadSize], -1)
            : [.. queryKeyValue.Select(projection => projection.Forward(x))];
        var q = Place(Heads(parts[0], config.Heads), queryNorm, rotary); // [B, H, S, D]
        var k = Place(Heads(parts[1], config.KeyValueHeads), keyNorm, rotary); // [B, K, S, D]
        return (q, k, Heads(parts[2], config.KeyValueHeads));
    }

    private Tensor Attend(Tensor q, Tensor k, Tensor v, Tensor? seen)
    {
        if (config.AttentionSoftCap is not null && seen is not null)
        {
            var scores = Cap(q.matmul(FusedAttention.Repeat(k, _group).transpose(2, 3)) * config.AttentionScale); // [B, H, S, S]
            return scores.masked_fill(seen.logical_not(), float.NegativeInfinity).softmax(-1).matmul(FusedAttention.Repeat(v, _group)); // [B, H, S, D]
        }

        return FusedAttention.Attend(q, k, v, seen, config.AttentionScale); // [B, H, S, D]
    }

    private Tensor Cap(Tensor scores) =>
        config.AttentionSoftCap is { } cap ? (scores / cap).tanh() * cap : scores;

    private Tensor Heads(Tensor x, int heads) =>
        x.view(x.shape[0], x.shape[1], heads, config.HeadSize).transpose(1, 2); // [B, heads, S, D]

    private static Tensor Place(Tensor x, Norm? norm, (Tensor Cosine, Tensor SignedSine)? rotary)
    {
        var normalised = norm?.Forward(x) ?? x; // [B, heads, S, D]
        return rotary is { } tables ? RotaryEmbedding.Rotate(normalised, tables.Cosine, tables.SignedSine) : normalised;
    }
}
