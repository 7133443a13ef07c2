using Rlhf.LanguageModels.Checkpoints;
using Rlhf.LanguageModels.Configuration;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>All weights of a model where they are stored, found and of the right shapes before anything is allocated for them.</summary>
internal sealed class ModelViews
{
    private readonly IWeightStore _store;
    private readonly ModelConfig _config;
    private readonly WeightNames _names;

    /// <param name="store">Where the weights are.</param>
    /// <param name="hasLogits">Whether the vocabulary's head is wanted.</param>
    /// <exception cref="InvalidDataException">A weight is missing, has another shape, or has no place in the model.</exception>
    public ModelViews(IWeightStore store, bool hasLogits)
    {
        (_store, _config, _names) = (store, store.Config, WeightNames.Of(store.Config.Family));
        Embedding = Plain(_names.Base + _names.Embedding, _config.VocabularySize);
        Head = hasLogits && !_config.HasTiedHead ? Plain(WeightNames.Head, _config.VocabularySize) : null;
        LearnedPositions = _config.HasLearnedPositions ? Plain(_names.Base + _names.Positions, _config.ContextLength).Weight : null;
        Norm = FindNorm(_names.Base + _names.Norm, _config.HiddenSize);
        Layers = [.. Enumerable.Range(0, _config.Layers).Select(FindLayer)];
        store.RequireAllFound();
    }

    /// <summary>Number of weights.</summary>
    public long ParameterCount { get; private set; }

    /// <summary>[V, C].</summary>
    public LinearView Embedding { get; }

    /// <summary>[V, C], a head of its own; null where there is none, or where it isn't wanted.</summary>
    public LinearView? Head { get; }

    /// <summary>[context, C]; null where positions are rotations.</summary>
    public WeightView? LearnedPositions { get; }

    /// <summary>After the last block.</summary>
    public NormView Norm { get; }

    /// <summary>The blocks, first to last.</summary>
    public IReadOnlyList<LayerViews> Layers { get; }

    private LayerViews FindLayer(int layer)
    {
        var prefix = $"{_names.Base}{_names.Layers}.{layer}.";
        var (hidden, inner, queries, keys) = (_config.HiddenSize, _config.IntermediateSize, _config.Heads * _config.HeadSize, _config.KeyValueHeads * _config.HeadSize);
        int[] widths = _names.QueryKeyValue.Count == 1 ? [queries + (2 * keys)] : [queries, keys, keys];
        NormView? Optional(bool isThere, string name, int width) => isThere ? FindNorm(prefix + name, width) : null;
        return new LayerViews
        {
            QueryKeyValue = [.. _names.QueryKeyValue.Zip(widths, (name, width) => Linear(prefix + name, width, hidden, _config.HasQueryKeyValueBias))],
            Output = Linear(prefix + _names.Output, hidden, queries, _config.HasOutputBias),
            Inner = [.. _names.Inner.Select(name => Linear(prefix + name, inner, hidden, _config.HasFeedForwardBias))],
            Down = Linear(prefix + _names.Down, hidden, inner, _config.HasFeedForwardBias),
            AttentionNorm = FindNorm(prefix + _names.AttentionNorm, hidden),
            FeedForwardNorm = FindNorm(prefix + _names.FeedForwardNorm, hidden),
            QueryNorm = Optional(_config.HasQueryKeyNorms, WeightNames.QueryNorm, _config.HeadSize),
            KeyNorm = Optional(_config.HasQueryKeyNorms, WeightNames.KeyNorm, _config.HeadSize),
            AttentionPostNorm = Optional(_config.HasPostNorms, _names.AttentionPostNorm, hidden),
            FeedForwardPostNorm = Optional(_config.HasPostNorms, _names.FeedForwardPostNorm, hidden),
        };
    }

    private LinearView Linear(string name, int outputs, int inputs, bool hasBias)
    {
        var weight = _names.AreTransposed ? Find(name + ".weight", inputs, outputs) : Find(name + ".weight", outputs, inputs);
        return new LinearView(name, outputs, inputs, weight, hasBias ? Find(name + ".bias", outputs) : null, _names.AreTransposed);
    }

    // A table of rows as wide as the stream; never transposed, never biased.
    private LinearView Plain(string name, int rows) => new(name, rows, _config.HiddenSize, Find(name + ".weight", rows, _config.HiddenSize), null, IsTransposed: false);

    private WeightView Find(string name, params long[] shape)
    {
        var view = _store.Find(name, shape);
        ParameterCount += view.Count;
        return view;
    }

    private NormView FindNorm(string name, int width) =>
        new(Find(name + ".weight", width), _config.Norm == NormKind.Layer ? Find(name + ".bias", width) : null);
}
