using Rlhf.LanguageModels.Checkpoints;
using Rlhf.LanguageModels.Configuration;
using Rlhf.LanguageModels.Transformer;
using Rlhf.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels;

/// <summary>
/// A transformer made of the parts that its config.json asks for; <see cref="ModelFamily"/> lists the kinds. Not for several threads
/// at once: adapters are switched in place.
/// </summary>
public sealed class CausalLanguageModel : IDisposable
{
    private readonly ConfigFile _file;
    private readonly IReadOnlyDictionary<string, Parameter> _parameters;
    private readonly RotaryEmbedding? _rotary; // null where positions are learned

    private CausalLanguageModel(ConfigFile file, WeightSource source, bool hasHead, ScalarType type, Device device)
    {
        (_file, Type, ProductType, Device) = (file, type, type, device);
        var parts = new PartMaker(Config, source, device);
        Embedding = parts.Embedding();
        LearnedPositions = parts.Positions();
        Blocks = [.. Enumerable.Range(0, Config.Layers).Select(parts.MakeBlock)];
        Norm = parts.LastNorm();
        Head = Config.HasTiedHead ? Embedding : hasHead ? parts.Head() : null;
        (_parameters, Projections) = (parts.Parameters, parts.Projections);
        _rotary = Config.HasLearnedPositions ? null : new RotaryEmbedding(Config, type, device);
    }

    /// <summary>The model's shape.</summary>
    public ModelConfig Config => _file.Config;

    /// <summary>The weights' type.</summary>
    public ScalarType Type { get; }

    /// <summary>
    /// The type in which whole sequences go through the blocks' linear layers: the weights' own, or bfloat16 beside float32 weights,
    /// which is faster where the processor has it. Weights, their gradients, the stream between blocks, norms, attention and logits
    /// keep the weights' type. On the processor, attention in bfloat16 was half as fast as in float32.
    /// </summary>
    public ScalarType ProductType { get; set; }

    /// <summary>
    /// Whether whole sequences with gradients keep only each block's input, and the backward pass runs the block again: less memory, one more
    /// forward pass. The adapter must be the same in both.
    /// </summary>
    public bool RecomputesBlocks { get; set; }

    /// <summary>Where the weights are.</summary>
    public Device Device { get; }

    /// <summary>The weights by their names in a Hugging Face checkpoint; a tied head is not listed twice.</summary>
    public IReadOnlyDictionary<string, Parameter> Parameters => _parameters;

    /// <summary>Number of weights.</summary>
    public long ParameterCount => _parameters.Values.Sum(p => p.numel());

    /// <summary>The linear layers of attention and feed-forward, where adapters go.</summary>
    internal IReadOnlyList<Projection> Projections { get; }

    /// <summary>[V, C].</summary>
    internal Parameter Embedding { get; }

    /// <summary>[context, C]; null where positions are rotations.</summary>
    internal Parameter? LearnedPositions { get; }

    /// <summary>The blocks, first to last.</summary>
    internal IReadOnlyList<Block> Blocks { get; }

    /// <summary>The norm after the last block.</summary>
    internal Norm Norm { get; }

    /// <summary>[V, C]; null where the model was loaded without it.</summary>
    internal Parameter? Head { get; }

    /// <summary>Loads a folder in Hugging Face layout. Weights don't require gradients until <see cref="SetTrainable"/>.</summary>
    /// <param name="folder">Holds config.json and model.safetensors, whole or in shards; float32, bfloat16 or float16.</param>
    /// <param name="type">The type that the weights are converted to.</param>
    /// <param name="device">Where to; null is the processor.</param>
    /// <exception cref="InvalidDataException">A file is missing, malformed or unsupported; the message names it.</exception>
    public static CausalLanguageModel Load(string folder, ScalarType type = ScalarType.Float32, Device? device = null)
    {
        var file = ConfigFile.Load(folder);
        using var weights = new CheckpointReader(folder, type);
        return Load(folder, file, weights, hasHead: true, device);
    }

    /// <summary>The same from files that are open; without the vocabulary's head where it isn't wanted.</summary>
    internal static CausalLanguageModel Load(string folder, ConfigFile file, CheckpointReader weights, bool hasHead, Device? device)
    {
        var source = new CheckpointSource(folder, weights, WeightNames.Of(file.Config.Family));
        var model = new CausalLanguageModel(file, source.Read, hasHead, weights.Type, device ?? CPU);
        try
        {
            source.RequireAllRead();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A freshly initialised model: N(0, 0.02), projections back into the stream scaled down by the number of layers (GPT-2's rule),
    /// norms that scale by 1, biases 0.
    /// </summary>
    /// <exception cref="ArgumentException">The family has no model of these parts.</exception>
    public static CausalLanguageModel Create(ModelConfig config, long seed, Device? device = null)
    {
        using var generator = new Generator((ulong)seed);
        Tensor Initialise(string name, params long[] shape)
        {
            if (shape.Length == 1)
            {
                return name.EndsWith(".bias", StringComparison.Ordinal) || config.Norm == NormKind.RootMeanSquareAboutOne ? zeros(shape) : ones(shape);
            }

            var isResidual = WeightNames.Of(config.Family).IsResidual(name);
            return randn(shape, generator: generator).Times(isResidual ? 0.02 / Math.Sqrt(2 * config.Layers) : 0.02);
        }

        return new CausalLanguageModel(ConfigFile.Of(config), Initialise, hasHead: true, ScalarType.Float32, device ?? CPU);
    }

    /// <summary>The hidden states after the last norm.</summary>
    /// <param name="tokenIds">[B, S] int64. Rows shorter than S are padded on the right with any token: being causal, no real token sees it.</param>
    /// <returns>[B, S, C]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensor is not [B, S], or S is over the context length.</exception>
    public Tensor Hidden(Tensor tokenIds)
    {
        if (tokenIds.shape is not [var batch, var length] || length > Config.ContextLength)
        {
            throw new ArgumentException(
                $"Token ids have shape [{string.Join(", ", tokenIds.shape)}]; [B, S] with S up to {Config.ContextLength} is needed.", nameof(tokenIds));
        }

        using var scope = NewDisposeScope();
        var hidden = Hidden(tokenIds.flatten(), [.. Enumerable.Repeat((int)length, (int)batch)]); // [B · S, C]
        return hidden.view(batch, length, -1).MoveToOuterDisposeScope(); // [B, S, C]
    }

    /// <summary>The same of sequences of any lengths that stand one after the other; each is as if it were alone.</summary>
    /// <param name="tokenIds">[N] int64.</param>
    /// <param name="lengths">Tokens of each sequence, N together. Those of equal lengths are best neighbours: they attend in one call.</param>
    /// <returns>[N, C]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensor is not [N], or a sequence is empty or over the context length.</exception>
    public Tensor Hidden(Tensor tokenIds, IReadOnlyList<int> lengths)
    {
        if (tokenIds.shape is not [var tokens] || lengths.Count == 0 || lengths.Any(length => length < 1 || length > Config.ContextLength) || lengths.Sum() != tokens)
        {
            throw new ArgumentException(
                $"Token ids have shape [{string.Join(", ", tokenIds.shape)}] for {lengths.Count} sequences of {lengths.Sum()} tokens together, {lengths.DefaultIfEmpty().Min()} to {lengths.DefaultIfEmpty().Max()} each; "
                + $"[N] with N their sum, and 1 to {Config.ContextLength} tokens each, is needed.",
                nameof(tokenIds));
        }

        using var scope = NewDisposeScope();
        var layout = new RowLayout(lengths);
        var (rotary, groups) = Places(layout);
        var x = Embed(tokenIds, LearnedPositions?.index_select(0, layout.Positions(Device))).unsqueeze(0); // [1, N, C]
        foreach (var block in Blocks)
        {
            x = RecomputesBlocks && is_grad_enabled()
                ? Recomputation.Run(x, Again(block, layout, ProductType))
                : block.Forward(x, rotary, groups, ProductType); // [1, N, C]
        }

        return Norm.Forward(x).squeeze(0).MoveToOuterDisposeScope(); // [N, C]
    }

    /// <summary>The logits of hidden states: [..., C] to [..., V].</summary>
    /// <exception cref="InvalidOperationException">The model was loaded without its head, as below a reward model.</exception>
    public Tensor Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var head = Head ?? throw new InvalidOperationException("The model has no head for the vocabulary: a reward model's was loaded.");
        var logits = nn.functional.linear(hidden, head); // [..., V]
        var capped = Config.LogitSoftCap is { } cap ? logits.DividedBy(cap).tanh().Times(cap) : logits; // [..., V]
        return capped.MoveToOuterDisposeScope();
    }

    /// <summary>Switches gradients of all weights on or off.</summary>
    public void SetTrainable(bool isTrainable)
    {
        foreach (var parameter in _parameters.Values)
        {
            parameter.requires_grad_(isTrainable);
        }
    }

    /// <summary>Writes config.json and model.safetensors. The tokenizer's files are for the caller to copy.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public void Save(string folder, int bosId, int eosId) =>
        Save(folder, _parameters.ToDictionary(p => p.Key, p => (Tensor)p.Value), labels: [], bosId, eosId);

    /// <summary>Writes config.json and the given weights as model.safetensors; a language model has no labels, and pools nothing.</summary>
    internal void Save(string folder, IReadOnlyDictionary<string, Tensor> weights, IReadOnlyList<string> labels, int bosId, int eosId, int pooledTokens = 1)
    {
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), weights);
        File.WriteAllText(Path.Combine(folder, "config.json"), _file.ToJson(labels, bosId, eosId, Type.ToString().ToLowerInvariant(), pooledTokens));
    }

    /// <summary>Runs one new token a row, several of one sequence too, and keeps their keys and values.</summary>
    /// <param name="tokenIds">[R] int64.</param>
    /// <param name="step">Which positions of which sequences they are.</param>
    /// <returns>[R, C]; the caller owns it.</returns>
    internal Tensor Step(Tensor tokenIds, PagedStep step)
    {
        using var scope = NewDisposeScope();
        var rotary = _rotary?.At(step.Positions, step.Length);
        var x = Embed(tokenIds, LearnedPositions?.index_select(0, step.Positions)).unsqueeze(1); // [R, 1, C]
        foreach (var block in Blocks)
        {
            x = block.Step(x, rotary, step); // [R, 1, C]
        }

        return Norm.Forward(x).squeeze(1).MoveToOuterDisposeScope(); // [R, C]
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rotary?.Dispose();
        foreach (var parameter in _parameters.Values)
        {
            parameter.Dispose();
        }
    }

    // Tables and masks are made anew: those of the forward pass are gone by then.
    private Func<Tensor, Tensor> Again(Block block, RowLayout layout, ScalarType productType) => x =>
    {
        var (rotary, groups) = Places(layout);
        return block.Forward(x, rotary, groups, productType); // [1, N, C]
    };

    private ((Tensor Cosine, Tensor SignedSine)? Rotary, IReadOnlyList<SequenceGroup> Groups) Places(RowLayout layout) =>
        (_rotary?.Of(layout.Positions(Device), layout.Longest), layout.Groups(Config, Device));

    // [N] and [N, C] to [N, C].
    private Tensor Embed(Tensor tokenIds, Tensor? positions)
    {
        var x = Embedding.index_select(0, tokenIds); // [N, C]
        var scaled = Config.HasScaledEmbedding ? x.Times(Config.EmbeddingScale) : x; // [N, C]
        return positions is null ? scaled : scaled.Plus(positions); // [N, C]
    }
}
