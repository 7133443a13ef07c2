using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Causal self-attention; several query heads may share a key-value head (Ainslie et al. 2023, arXiv:2305.13245).</summary>
internal sealed class Attention(ModelConfig config, Projection query, Projection key, Projection value, Projection output)
{
    private readonly int _group = config.Heads / config.KeyValueHeads; // G, query heads a key-value head
    private readonly double _scale = 1 / Math.Sqrt(config.HeadSize);

    /// <summary>Attends within whole sequences, and keeps keys and values where a cache is given.</summary>
    /// <param name="x">[B, S, C]. Padding stands on the right, where no earlier token attends to it.</param>
    public Tensor Forward(Tensor x, (Tensor Cosine, Tensor SignedSine) rotary, KeyValueCache.Layer? cache)
    {
        var (batch, length) = (x.shape[0], x.shape[1]);
        var q = RotaryEmbedding.Rotate(Heads(query.Forward(x), config.Heads), rotary.Cosine, rotary.SignedSine); // [B, H, S, D]
        var k = RotaryEmbedding.Rotate(Heads(key.Forward(x), config.KeyValueHeads), rotary.Cosine, rotary.SignedSine); // [B, K, S, D]
        var v = Heads(value.Forward(x), config.KeyValueHeads); // [B, K, S, D]
        cache?.Fill(k, v);
        var attended = nn.functional.scaled_dot_product_attention(q, Repeat(k), Repeat(v), is_casual: true); // [B, H, S, D]
        return output.Forward(attended.transpose(1, 2).reshape(batch, length, -1)); // [B, S, C]
    }

    /// <summary>Attends from one new token a row to what the cache holds.</summary>
    /// <param name="x">[B, 1, C].</param>
    public Tensor Step(Tensor x, (Tensor Cosine, Tensor SignedSine) rotary, KeyValueCache cache, KeyValueCache.Layer layer)
    {
        var batch = x.shape[0];
        var q = RotaryEmbedding.Rotate(Heads(query.Forward(x), config.Heads), rotary.Cosine, rotary.SignedSine); // [B, H, 1, D]
        var k = RotaryEmbedding.Rotate(Heads(key.Forward(x), config.KeyValueHeads), rotary.Cosine, rotary.SignedSine); // [B, K, 1, D]
        layer.Append(k, Heads(value.Forward(x), config.KeyValueHeads), cache.Positions);
        var (keys, values) = layer.First(cache.LongestLength); // [B, K, S, D]
        // A plain product beats the fused kernel for one query a head.
        var grouped = q.view(batch, config.KeyValueHeads, _group, config.HeadSize); // [B, K, G, D]
        var scores = grouped.matmul(keys.transpose(2, 3)).mul_(_scale); // [B, K, G, S]
        var weights = scores.masked_fill_(cache.HiddenMask, float.NegativeInfinity).softmax(-1); // [B, K, G, S]
        return output.Forward(weights.matmul(values).view(batch, 1, -1)); // [B, 1, C]
    }

    private Tensor Heads(Tensor x, int heads) =>
        x.view(x.shape[0], x.shape[1], heads, config.HeadSize).transpose(1, 2); // [B, heads, S, D]

    private Tensor Repeat(Tensor x) => _group == 1
        ? x
        : x.unsqueeze(2).expand(x.shape[0], x.shape[1], _group, x.shape[2], x.shape[3]).reshape(x.shape[0], -1, x.shape[2], x.shape[3]); // [B, H, S, D]
}
