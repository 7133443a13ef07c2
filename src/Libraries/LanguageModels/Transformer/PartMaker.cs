using Rlhf.LanguageModels.Configuration;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Makes a model's parts from weights that it takes by their names.</summary>
internal sealed class PartMaker(ModelConfig config, WeightSource source, Device device)
{
    private readonly WeightNames _names = WeightNames.Of(config.Family);
    private readonly Dictionary<string, Parameter> _parameters = new(StringComparer.Ordinal);
    private readonly List<Projection> _projections = [];

    /// <summary>All weights taken so far, by name.</summary>
    public IReadOnlyDictionary<string, Parameter> Parameters => _parameters;

    /// <summary>All linear layers of blocks made so far.</summary>
    public IReadOnlyList<Projection> Projections => _projections;

    /// <summary>[V, C].</summary>
    public Parameter Embedding() => Take($"{_names.Base}{_names.Embedding}.weight", config.VocabularySize, config.HiddenSize);

    /// <summary>[context, C]; null where positions are rotations.</summary>
    public Parameter? Positions() =>
        config.HasLearnedPositions ? Take($"{_names.Base}{_names.Positions}.weight", config.ContextLength, config.HiddenSize) : null;

    /// <summary>The norm after the last block.</summary>
    public Norm LastNorm() => MakeNorm(_names.Base + _names.Norm, config.HiddenSize);

    /// <summary>[V, C], a head of its own.</summary>
    public Parameter Head() => Take(WeightNames.Head + ".weight", config.VocabularySize, config.HiddenSize);

    /// <summary>One block.</summary>
    public Block MakeBlock(int layer)
    {
        var prefix = $"{_names.Base}{_names.Layers}.{layer}.";
        return new Block(
            MakeNorm(prefix + _names.AttentionNorm, config.HiddenSize),
            MakeAttention(layer, prefix),
            config.HasPostNorms ? MakeNorm(prefix + _names.AttentionPostNorm, config.HiddenSize) : null,
            MakeFeedForward(prefix));
    }

    private Attention MakeAttention(int layer, string prefix)
    {
        var (queries, keys) = (config.Heads * config.HeadSize, config.KeyValueHeads * config.HeadSize);
        int[] widths = _names.QueryKeyValue.Count == 1 ? [queries + (2 * keys)] : [queries, keys, keys];
        return new Attention(
            config,
            layer,
            [.. _names.QueryKeyValue.Zip(widths, (name, width) => Project(prefix + name, width, config.HiddenSize, config.HasQueryKeyValueBias))],
            Project(prefix + _names.Output, config.HiddenSize, queries, config.HasOutputBias),
            config.HasQueryKeyNorms ? MakeNorm(prefix + WeightNames.QueryNorm, config.HeadSize) : null,
            config.HasQueryKeyNorms ? MakeNorm(prefix + WeightNames.KeyNorm, config.HeadSize) : null);
    }

    private FeedForward MakeFeedForward(string prefix) => new(
        config.Activation,
        MakeNorm(prefix + _names.FeedForwardNorm, config.HiddenSize),
        [.. _names.Inner.Select(name => Project(prefix + name, config.IntermediateSize, config.HiddenSize, config.HasFeedForwardBias))],
        Project(prefix + _names.Down, config.HiddenSize, config.IntermediateSize, config.HasFeedForwardBias),
        config.HasPostNorms ? MakeNorm(prefix + _names.FeedForwardPostNorm, config.HiddenSize) : null);

    private Norm MakeNorm(string name, int width) => new(
        config.Norm, config.NormEpsilon, Take(name + ".weight", width), config.Norm == NormKind.Layer ? Take(name + ".bias", width) : null);

    private Projection Project(string name, long outputs, long inputs, bool hasBias)
    {
        var weight = _names.AreTransposed ? Take(name + ".weight", inputs, outputs) : Take(name + ".weight", outputs, inputs);
        var projection = new Projection(name, weight, hasBias ? Take(name + ".bias", outputs) : null, _names.AreTransposed);
        _projections.Add(projection);
        return projection;
    }

    private Parameter Take(string name, params long[] shape)
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(source(name, shape).to(device), requires_grad: false);
        parameter.DetachFromDisposeScope();
        _parameters[name] = parameter;
        return parameter;
    }
}
