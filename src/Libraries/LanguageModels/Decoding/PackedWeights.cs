namespace Rlhf.LanguageModels.Decoding;

/// <summary>A whole model's packed weights.</summary>
internal sealed class PackedWeights<TVector, TLanes, TWeight, TWeights> : IDisposable
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
    where TWeight : unmanaged
    where TWeights : struct, IWeights<TVector, TWeight>
{
    private IWeightStore? _store; // where the weights are from

    public PackedWeights(ModelConfig config, bool hasLogits)
    {
        Layers = [.. Enumerable.Range(0, config.Layers).Select(_ => new PackedLayer<TVector, TLanes, TWeight, TWeights>(config))];
        Norm = new(config.Norm, config.NormEpsilon, config.HiddenSize);
        Embedding = new(config);
        Head = !hasLogits ? null : config.HasTiedHead ? Embedding.Tokens : new(config.HiddenSize, config.VocabularySize);
    }

    /// <summary>The blocks, first to last.</summary>
    public PackedLayer<TVector, TLanes, TWeight, TWeights>[] Layers { get; }

    /// <summary>After the last block.</summary>
    public PackedNorm Norm { get; }

    /// <summary>What tokens bring into the stream.</summary>
    public PackedEmbedding<TVector, TLanes, TWeight, TWeights> Embedding { get; }

    /// <summary>[V, C]; null where logits aren't wanted.</summary>
    public PackedMatrix<TVector, TLanes, TWeight, TWeights>? Head { get; }

    public long Bytes => Layers.Sum(layer => layer.Bytes) + Embedding.Tokens.Bytes + (HasOwnHead ? Head?.Bytes ?? 0 : 0);

    private bool HasOwnHead => Head is not null && !ReferenceEquals(Head, Embedding.Tokens);

    /// <summary>Takes over weights in place of those that there are, on all threads.</summary>
    /// <param name="views">The weights.</param>
    /// <param name="store">Where they are from.</param>
    /// <param name="changes">What an adapter adds.</param>
    /// <param name="team">The threads.</param>
    public void Take(ModelViews views, IWeightStore store, LowRankChanges? changes, WorkerTeam team)
    {
        // Of the same base, an adapter changes the linear layers alone.
        var isSameBase = ReferenceEquals(_store, store);
        _store = null;
        team.Run(worker => TakeLinears(views, changes, withTables: !isSameBase, worker, team.Workers));
        if (!isSameBase)
        {
            foreach (var (layer, view) in Layers.Zip(views.Layers))
            {
                layer.RepackNorms(view);
            }

            Norm.Repack(views.Norm);
            Embedding.TakePositions(views);
        }

        _store = store;
    }

    public void Dispose()
    {
        foreach (var layer in Layers)
        {
            layer.Dispose();
        }

        Embedding.Dispose();
        Head?.Dispose();
    }

    private void TakeLinears(ModelViews views, LowRankChanges? changes, bool withTables, int worker, int workers)
    {
        foreach (var (layer, view) in Layers.Zip(views.Layers))
        {
            layer.Pack(view, changes, worker, workers);
        }

        if (withTables)
        {
            Embedding.Tokens.Pack([views.Embedding], null, worker, workers);
            if (HasOwnHead && views.Head is { } head)
            {
                Head?.Pack([head], null, worker, workers);
            }
        }
    }
}
