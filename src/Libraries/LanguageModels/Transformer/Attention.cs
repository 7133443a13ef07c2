using Rlhf.Tensors;
using TorchSharp;
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
    private static readonly Scalar s_hidden = double.NegativeInfinity;

    private readonly Scalar _scale = config.AttentionScale;
    private readonly int _group = config.Heads / config.KeyValueHeads; // G, query heads a key-value head
    private readonly bool _isWindowed = config.Window?.Covers(layer) == true;

    public IReadOnlyList<Projection> QueryKeyValue => queryKeyValue;

    public Projection Output => output;

    public Norm? QueryNorm => queryNorm;

    public Norm? KeyNorm => keyNorm;

    /// <summary>Attends within whole sequences, which stand one after the other.</summary>
    /// <param name="x">[1, N, C]. Padding stands at a sequence's end, where no earlier token attends to it.</param>
    /// <param name="rotary">Tables of each token's position in its sequence.</param>
    /// <param name="groups">The sequences, in their order.</param>
    public Tensor Forward(Tensor x, (Tensor Cosine, Tensor SignedSine)? rotary, IReadOnlyList<SequenceGroup> groups)
    {
        var (q, k, v) = Project(x, rotary); // [1, H, N, D], [1, K, N, D] twice
        return output.Forward(Attend(q, k, v.to(k.dtype), groups).to(x.dtype)); // [1, N, C]
    }

    /// <summary>Attends from one new token a row to what its sequence holds, the newest rows included.</summary>
    /// <param name="x">[R, 1, C].</param>
    public Tensor Step(Tensor x, (Tensor Cosine, Tensor SignedSine)? rotary, PagedStep step)
    {
        var (q, k, v) = Project(x, rotary); // [R, H, 1, D], [R, K, 1, D] twice
        step.Keep(layer, k.squeeze(2), v.squeeze(2));
        var attended = cat([.. step.Buckets.Select(bucket => Attend(q, step, bucket))]); // [R, H·D]
        return output.Forward(attended.unsqueeze(1)); // [R, 1, C]
    }

    private Tensor Attend(Tensor q, PagedStep step, RowBucket bucket)
    {
        var (keys, values) = step.Held(layer, bucket); // [B, K, S, D]
        long[] heads = [bucket.Sequences, config.KeyValueHeads, _group, bucket.Rows]; // B, K, G, n
        var grouped = q.narrow(0, bucket.FirstRow, bucket.Sequences * bucket.Rows)
            .reshape(bucket.Sequences, bucket.Rows, config.KeyValueHeads, _group, config.HeadSize) // [B, n, K, G, D]
            .permute(0, 2, 3, 1, 4).reshape(heads[0], heads[1], -1, config.HeadSize); // [B, K, G·n, D]
        var scores = Cap(grouped.matmul(keys.transpose(2, 3)).to(float32).mul_(_scale)).view([.. heads, -1]); // [B, K, G, n, S]
        var weights = scores.masked_fill_(_isWindowed ? bucket.WindowHidden : bucket.Hidden, s_hidden).softmax(-1); // [B, K, G, n, S]
        var attended = weights.to(values.dtype).view(heads[0], heads[1], -1, keys.shape[2]).matmul(values); // [B, K, G·n, D]
        return attended.view([.. heads, config.HeadSize]).permute(0, 3, 1, 2, 4).reshape(bucket.Sequences * bucket.Rows, -1); // [B·n, H·D]
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

    private Tensor Attend(Tensor q, Tensor k, Tensor v, IReadOnlyList<SequenceGroup> groups)
    {
        if (groups is [var only])
        {
            return Attend(q, k, v, only); // [1, N, H·D]
        }

        // Split and not narrowed: the gradient of all parts is then one concatenation.
        long[] tokens = [.. groups.Select(group => (long)group.Tokens)];
        var (queries, keys, values) = (q.split(tokens, 2), k.split(tokens, 2), v.split(tokens, 2));
        return cat([.. groups.Index().Select(group => Attend(queries[group.Index], keys[group.Index], values[group.Index], group.Item))], 1); // [1, N, H·D]
    }

    private Tensor Attend(Tensor q, Tensor k, Tensor v, SequenceGroup group)
    {
        Tensor Sequences(Tensor x) => x.view(x.shape[1], group.Sequences, group.Length, config.HeadSize).transpose(0, 1); // [B, H or K, S, D]
        var attended = Attend(Sequences(q), Sequences(k), Sequences(v), group.Masks.Of(layer)); // [B, H, S, D]
        return attended.transpose(1, 2).reshape(1, group.Tokens, -1); // [1, B·S, H·D]
    }

    private Tensor Attend(Tensor q, Tensor k, Tensor v, Tensor? seen)
    {
        if (config.AttentionSoftCap is not null && seen is not null)
        {
            var scores = Cap(q.matmul(FusedAttention.Repeat(k, _group).transpose(2, 3)) * _scale); // [B, H, S, S]
            return scores.masked_fill(seen.logical_not(), s_hidden).softmax(-1).matmul(FusedAttention.Repeat(v, _group)); // [B, H, S, D]
        }

        return FusedAttention.Attend(q, k, v, seen, _scale); // [B, H, S, D]
    }

    private Tensor Cap(Tensor scores) =>
        config.AttentionSoftCap is { } cap ? scores.DividedBy(cap).tanh().Times(cap) : scores;

    private Tensor Heads(Tensor x, int heads) =>
        x.view(x.shape[0], x.shape[1], heads, config.HeadSize).transpose(1, 2); // [B, heads, S, D]

    private static Tensor Place(Tensor x, Norm? norm, (Tensor Cosine, Tensor SignedSine)? rotary)
    {
        var normalised = norm?.Forward(x) ?? x; // [B, heads, S, D]
        return rotary is { } tables ? RotaryEmbedding.Rotate(normalised, tables.Cosine, tables.SignedSine) : normalised;
    }
}
