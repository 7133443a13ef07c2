using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.LanguageModels.Checkpoints;

namespace Rlhf.LanguageModels;

/// <summary>The shape of a Llama-layout transformer, as a Hugging Face config.json says it.</summary>
public sealed record ModelConfig
{
    private const int MaxSize = 1 << 24;
    private const int MaxLayers = 1 << 12;

    /// <summary>V, the number of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>C, the width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the feed-forward layer.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>H, the number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key and value heads; <see cref="Heads"/> is a multiple of it (grouped-query attention).</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>D, the width of a head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>The longest sequence, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>ε of the root-mean-square norms.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Base of the rotary position frequencies (Su et al. 2021, arXiv:2104.09864).</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>Whether the vocabulary's head is the transposed embedding.</summary>
    public bool HasTiedHead { get; init; }

    /// <summary>Reads and checks config.json.</summary>
    /// <param name="folder">A folder in Hugging Face layout.</param>
    /// <exception cref="InvalidDataException">The file is missing or malformed, or asks for what is not supported; the message names it.</exception>
    public static ModelConfig Load(string folder)
    {
        var path = Path.Combine(folder, "config.json");
        if (!File.Exists(path))
        {
            throw new InvalidDataException($"{folder} has no config.json; a model folder in Hugging Face layout is needed.");
        }

        using var json = CheckedJson.ReadObject(path);
        return Parse(json.RootElement, path);
    }

    /// <summary>The same as a config.json of the given architecture.</summary>
    public string ToJson(string architecture, int bosId, int eosId) => new JsonObject
    {
        ["architectures"] = new JsonArray(architecture),
        ["model_type"] = "llama",
        ["hidden_act"] = "silu",
        ["hidden_size"] = HiddenSize,
        ["intermediate_size"] = IntermediateSize,
        ["num_hidden_layers"] = Layers,
        ["num_attention_heads"] = Heads,
        ["num_key_value_heads"] = KeyValueHeads,
        ["head_dim"] = HeadSize,
        ["vocab_size"] = VocabularySize,
        ["max_position_embeddings"] = ContextLength,
        ["rms_norm_eps"] = NormEpsilon,
        ["rope_theta"] = RopeTheta,
        ["rope_scaling"] = null,
        ["attention_bias"] = false,
        ["mlp_bias"] = false,
        ["tie_word_embeddings"] = HasTiedHead,
        ["bos_token_id"] = bosId,
        ["eos_token_id"] = eosId,
        ["torch_dtype"] = "float32",
    }.ToJsonString(new JsonSerializerOptions { WriteIndented = true });

    private static ModelConfig Parse(JsonElement root, string path)
    {
        var type = Optional(root, path, "model_type", null, e => e.GetString());
        if (type != "llama")
        {
            throw new InvalidDataException($"{path}: the architecture {MalformedFile.Quote(type)} is not supported; \"llama\" is.");
        }

        Refuse(root, path, "quantization_config", e => e.ValueKind == JsonValueKind.Null);
        Refuse(root, path, "rope_scaling", e => e.ValueKind == JsonValueKind.Null);
        Refuse(root, path, "hidden_act", e => e.GetString() == "silu");
        Refuse(root, path, "attention_bias", e => e.ValueKind is JsonValueKind.False or JsonValueKind.Null);
        Refuse(root, path, "mlp_bias", e => e.ValueKind is JsonValueKind.False or JsonValueKind.Null);
        Refuse(root, path, "partial_rotary_factor", e => e.GetDouble() == 1);

        var rope = root;
        if (root.TryGetProperty("rope_parameters", out var parameters) && parameters.ValueKind == JsonValueKind.Object)
        {
            Refuse(parameters, path, "rope_type", e => e.GetString() == "default");
            rope = parameters;
        }

        var hidden = Positive(root, path, "hidden_size", null);
        var heads = Positive(root, path, "num_attention_heads", null);
        var keyValueHeads = Positive(root, path, "num_key_value_heads", heads);
        var headSize = Positive(root, path, "head_dim", hidden / heads);
        if (heads % keyValueHeads != 0 || headSize % 2 != 0 || headSize == 0 || (long)heads * headSize > MaxSize)
        {
            throw new InvalidDataException(
                $"{path}: {heads} heads of width {headSize} over {keyValueHeads} key-value heads don't divide; the width must be even, and all heads together at most {MaxSize} wide.");
        }

        return new ModelConfig
        {
            VocabularySize = Positive(root, path, "vocab_size", null),
            HiddenSize = hidden,
            IntermediateSize = Positive(root, path, "intermediate_size", null),
            Layers = Positive(root, path, "num_hidden_layers", null, MaxLayers),
            Heads = heads,
            KeyValueHeads = keyValueHeads,
            HeadSize = headSize,
            ContextLength = Positive(root, path, "max_position_embeddings", null),
            NormEpsilon = PositiveNumber(root, path, "rms_norm_eps", 1e-6),
            RopeTheta = PositiveNumber(rope, path, "rope_theta", 10000),
            HasTiedHead = Optional(root, path, "tie_word_embeddings", false, e => e.GetBoolean()),
        };
    }

    private static void Refuse(JsonElement root, string path, string name, Func<JsonElement, bool> isSupported)
    {
        if (root.TryGetProperty(name, out var value) && !CheckedJson.Value(value, path, name, isSupported))
        {
            throw new InvalidDataException($"{path}: \"{name}\" is {CheckedJson.Shown(value)}, which is not supported; choose a model without it.");
        }
    }

    private static T Optional<T>(JsonElement root, string path, string name, T fallback, Func<JsonElement, T> read) =>
        root.TryGetProperty(name, out var value) ? CheckedJson.Value(value, path, name, read) : fallback;

    private static double PositiveNumber(JsonElement root, string path, string name, double fallback)
    {
        var number = Optional(root, path, name, fallback, e => e.GetDouble());
        return number > 0 && double.IsFinite(number)
            ? number
            : throw new InvalidDataException($"{path}: \"{name}\" is {number}; it must be a finite number above 0.");
    }

    private static int Positive(JsonElement root, string path, string name, int? fallback, int most = MaxSize)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return fallback ?? throw new InvalidDataException($"{path} lacks \"{name}\"; a config.json of a Llama-layout model is needed.");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0 && number <= most
            ? number
            : throw new InvalidDataException($"{path}: \"{name}\" is {CheckedJson.Shown(value)}; it must be a whole number from 1 to {most}.");
    }
}
