using Rlhf.LanguageModels.Checkpoints;
using Rlhf.LanguageModels.Transformer;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels;

/// <summary>
/// A Llama-layout transformer (Touvron et al. 2023, arXiv:2302.13971). Not for several threads at once: adapters are
/// switched in place.
/// </summary>
public sealed class CausalLanguageModel : IDisposable
{
    private readonly Dictionary<string, Parameter> _parameters = new(StringComparer.Ordinal);
    private readonly List<Projection> _projections = [];
    private readonly Block[] _blocks;
    private readonly Parameter _embedding; // [V, C]
    private readonly Parameter _head; // [V, C]
    private readonly RmsNorm _norm;
    private readonly RotaryEmbedding _rotary;
    private readonly WeightSource _source;

    private CausalLanguageModel(ModelConfig config, WeightSource source, ScalarType type, Device device)
    {
        Config = config;
        Type = type;
        Device = device;
        _source = source;
        _embedding = Take("model.embed_tokens.weight", config.VocabularySize, config.HiddenSize);
        _blocks = [.. Enumerable.Range(0, config.Layers).Select(CreateBlock)];
        _norm = new RmsNorm(Take("model.norm.weight", config.HiddenSize), config.NormEpsilon);
        _head = config.HasTiedHead ? _embedding : Take("lm_head.weight", config.VocabularySize, config.HiddenSize);
        _rotary = new RotaryEmbedding(config, type, device);
        _source = (name, _) => throw new InvalidOperationException($"\"{name}\" was asked for after loading.");
    }

    /// <summary>The model's shape.</summary>
    public ModelConfig Config { get; }

    /// <summary>The weights' type.</summary>
    public ScalarType Type { get; }

    /// <summary>Where the weights are.</summary>
    public Device Device { get; }

    /// <summary>The weights by their names in a Hugging Face checkpoint; a tied head is not listed twice.</summary>
    public IReadOnlyDictionary<string, Parameter> Parameters => _parameters;

    /// <summary>Number of weights.</summary>
    public long ParameterCount => _parameters.Values.Sum(p => p.numel());

    /// <summary>The linear layers of attention and feed-forward, where adapters go.</summary>
    internal IReadOnlyList<Projection> Projections => _projections;

    /// <summary>Loads a folder in Hugging Face layout. Weights don't require gradients until <see cref="SetTrainable"/>.</summary>
    /// <param name="folder">Holds config.json and model.safetensors, whole or in shards; float32, bfloat16 or float16.</param>
    /// <param name="type">The type that the weights are converted to.</param>
    /// <param name="device">Where to; null is the processor.</param>
    /// <exception cref="InvalidDataException">A file is missing, malformed or unsupported; the message names it.</exception>
    public static CausalLanguageModel Load(string folder, ScalarType type = ScalarType.Float32, Device? device = null)
    {
        var config = ModelConfig.Load(folder);
        using var reader = new CheckpointReader(folder, type);
        return new CausalLanguageModel(config, reader.Read, type, device ?? CPU);
    }

    /// <summary>A freshly initialised model: N(0, 0.02), projections back into the stream scaled down by the number of layers (GPT-2's rule), norms 1.</summary>
    public static CausalLanguageModel Create(ModelConfig config, long seed, Device? device = null)
    {
        using var generator = new Generator((ulong)seed);
        Tensor Initialise(string name, params long[] shape)
        {
            if (shape.Length == 1)
            {
                return ones(shape);
            }

            var isResidual = name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal);
            return randn(shape, generator: generator) * (isResidual ? 0.02 / Math.Sqrt(2 * config.Layers) : 0.02);
        }

        return new CausalLanguageModel(config, Initialise, ScalarType.Float32, device ?? CPU);
    }

    /// <summary>The hidden states after the last norm.</summary>
    /// <param name="tokenIds">[B, S] int64. Rows shorter than S are padded on the right with any token: being causal, no real token sees it.</param>
    /// <returns>[B, S, C]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensor is not [B, S], or S is over the context length.</exception>
    public Tensor Hidden(Tensor tokenIds) => Forward(tokenIds, null);

    /// <summary>The logits of hidden states: [..., C] to [..., V].</summary>
    public Tensor Logits(Tensor hidden) => nn.functional.linear(hidden, _head); // [..., V]

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
    public void Save(string folder, int bosId, int eosId)
    {
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), _parameters.ToDictionary(p => p.Key, p => (Tensor)p.Value));
        File.WriteAllText(Path.Combine(folder, "config.json"), Config.ToJson("LlamaForCausalLM", bosId, eosId));
    }

    /// <summary>Runs the prompts and keeps their keys and values.</summary>
    internal Tensor Prefill(Tensor tokenIds, KeyValueCache cache) => Forward(tokenIds, cache);

    /// <summary>Runs one new token a row.</summary>
    /// <param name="tokenIds">[B] int64.</param>
    /// <returns>[B, C].</returns>
    internal Tensor Step(Tensor tokenIds, KeyValueCache cache)
    {
        using var scope = NewDisposeScope();
        cache.Advance();
        var rotary = _rotary.At(cache.Positions, cache.LongestLength);
        var x = _embedding.index_select(0, tokenIds).unsqueeze(1); // [B, 1, C]
        for (var i = 0; i < _blocks.Length; i++)
        {
            x = _blocks[i].Step(x, rotary, cache, cache[i]); // [B, 1, C]
        }

        return _norm.Forward(x).squeeze(1).MoveToOuterDisposeScope(); // [B, C]
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rotary.Dispose();
        foreach (var parameter in _parameters.Values)
        {
            parameter.Dispose();
        }
    }

    private Tensor Forward(Tensor tokenIds, KeyValueCache? cache)
    {
        if (tokenIds.shape is not [var batch, var length] || length > Config.ContextLength)
        {
            throw new ArgumentException(
                $"Token ids have shape [{string.Join(", ", tokenIds.shape)}]; [B, S] with S up to {Config.ContextLength} is needed.", nameof(tokenIds));
        }

        using var scope = NewDisposeScope();
        var rotary = _rotary.First(length);
        var x = _embedding.index_select(0, tokenIds.flatten()).view(batch, length, -1); // [B, S, C]
        for (var i = 0; i < _blocks.Length; i++)
        {
            x = _blocks[i].Forward(x, rotary, cache?[i]); // [B, S, C]
        }

        return _norm.Forward(x).MoveToOuterDisposeScope(); // [B, S, C]
    }

    private Block CreateBlock(int index)
    {
        var prefix = $"model.layers.{index}";
        var (width, heads, keyValue) = (Config.HiddenSize, Config.Heads * Config.HeadSize, Config.KeyValueHeads * Config.HeadSize);
        return new Block(
            new RmsNorm(Take($"{prefix}.input_layernorm.weight", width), Config.NormEpsilon),
            new Attention(
                Config,
                Project($"{prefix}.self_attn.q_proj", heads, width),
                Project($"{prefix}.self_attn.k_proj", keyValue, width),
                Project($"{prefix}.self_attn.v_proj", keyValue, width),
                Project($"{prefix}.self_attn.o_proj", width, heads)),
            new RmsNorm(Take($"{prefix}.post_attention_layernorm.weight", width), Config.NormEpsilon),
            Project($"{prefix}.mlp.gate_proj", Config.IntermediateSize, width),
            Project($"{prefix}.mlp.up_proj", Config.IntermediateSize, width),
            Project($"{prefix}.mlp.down_proj", width, Config.IntermediateSize));
    }

    private Projection Project(string name, long outputs, long inputs)
    {
        var projection = new Projection(name, Take(name + ".weight", outputs, inputs));
        _projections.Add(projection);
        return projection;
    }

    private Parameter Take(string name, params long[] shape)
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(_source(name, shape).to(Device), requires_grad: false);
        parameter.DetachFromDisposeScope();
        _parameters[name] = parameter;
        return parameter;
    }
}
