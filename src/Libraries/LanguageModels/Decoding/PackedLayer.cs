using Rlhf.LanguageModels.Transformer;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>One block's packed weights.</summary>
internal sealed class PackedLayer<TVector, TLanes, TWeight, TWeights> : IDisposable
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
    where TWeight : unmanaged
    where TWeights : struct, IWeights<TVector, TWeight>
{
    public PackedLayer(ModelConfig config)
    {
        var queryWidth = config.Heads * config.HeadSize;
        QueryKeyValue = new(config.HiddenSize, queryWidth + (2 * config.KeyValueHeads * config.HeadSize), config.HasQueryKeyValueBias);
        Output = new(queryWidth, config.HiddenSize, config.HasOutputBias);
        Inner = new(config.HiddenSize, (config.HasGate ? 2 : 1) * config.IntermediateSize, config.HasFeedForwardBias);
        Down = new(config.IntermediateSize, config.HiddenSize, config.HasFeedForwardBias);
        PackedNorm NormOf(int width) => new(config.Norm, config.NormEpsilon, width);
        (AttentionNorm, FeedForwardNorm) = (NormOf(config.HiddenSize), NormOf(config.HiddenSize));
        (QueryNorm, KeyNorm) = config.HasQueryKeyNorms ? (NormOf(config.HeadSize), NormOf(config.HeadSize)) : (null, null);
        (AttentionPostNorm, FeedForwardPostNorm) = config.HasPostNorms ? (NormOf(config.HiddenSize), NormOf(config.HiddenSize)) : (null, null);
    }

    /// <summary>[C] to [H·D queries, K·D keys, K·D values].</summary>
    public PackedMatrix<TVector, TLanes, TWeight, TWeights> QueryKeyValue { get; }

    /// <summary>[H·D] to [C].</summary>
    public PackedMatrix<TVector, TLanes, TWeight, TWeights> Output { get; }

    /// <summary>[C] to [F], or [2F] with a gate first.</summary>
    public PackedMatrix<TVector, TLanes, TWeight, TWeights> Inner { get; }

    /// <summary>[F] to [C].</summary>
    public PackedMatrix<TVector, TLanes, TWeight, TWeights> Down { get; }

    public PackedNorm AttentionNorm { get; }

    public PackedNorm FeedForwardNorm { get; }

    public PackedNorm? QueryNorm { get; }

    public PackedNorm? KeyNorm { get; }

    public PackedNorm? AttentionPostNorm { get; }

    public PackedNorm? FeedForwardPostNorm { get; }

    public long Bytes => QueryKeyValue.Bytes + Output.Bytes + Inner.Bytes + Down.Bytes;

    /// <summary>Takes over a block's weights.</summary>
    public void Repack(Block block)
    {
        QueryKeyValue.Pack(block.Attention.QueryKeyValue);
        Output.Pack([block.Attention.Output]);
        Inner.Pack(block.FeedForward.Inner);
        Down.Pack([block.FeedForward.Down]);
        (PackedNorm? Packed, Norm? Norm)[] norms =
        [
            (AttentionNorm, block.AttentionNorm), (FeedForwardNorm, block.FeedForward.Norm),
            (QueryNorm, block.Attention.QueryNorm), (KeyNorm, block.Attention.KeyNorm),
            (AttentionPostNorm, block.AttentionPostNorm), (FeedForwardPostNorm, block.FeedForward.PostNorm),
        ];
        foreach (var (packed, norm) in norms)
        {
            if (norm is not null)
            {
                packed?.Repack(norm);
            }
        }
    }

    public void Dispose()
    {
        QueryKeyValue.Dispose();
        Output.Dispose();
        Inner.Dispose();
        Down.Dispose();
    }
}
