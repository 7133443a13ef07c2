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

    /// <summary>One worker's share of taking over a block's linear layers.</summary>
    public void Pack(LayerViews layer, LowRankChanges? changes, int worker, int workers)
    {
        QueryKeyValue.Pack(layer.QueryKeyValue, changes, worker, workers);
        Output.Pack([layer.Output], changes, worker, workers);
        Inner.Pack(layer.Inner, changes, worker, workers);
        Down.Pack([layer.Down], changes, worker, workers);
    }

    /// <summary>Takes over a block's norms.</summary>
    public void RepackNorms(LayerViews layer)
    {
        (PackedNorm? Packed, NormView? Norm)[] norms =
        [
            (AttentionNorm, layer.AttentionNorm), (FeedForwardNorm, layer.FeedForwardNorm),
            (QueryNorm, layer.QueryNorm), (KeyNorm, layer.KeyNorm),
            (AttentionPostNorm, layer.AttentionPostNorm), (FeedForwardPostNorm, layer.FeedForwardPostNorm),
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
