using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.LanguageModels.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Adapters;

/// <summary>
/// A LoRA adapter on all linear layers of attention and feed-forward, stored in PEFT's layout (adapter_config.json,
/// adapter_model.safetensors).
/// </summary>
public sealed class LoraAdapter : IDisposable
{
    private const string Prefix = "base_model.model.";
    private const int MaxRank = 1024;

    // Options of PEFT that would change the numbers.
    private static readonly string[] s_variants = ["use_dora", "use_rslora", "rank_pattern", "alpha_pattern", "modules_to_save", "lora_bias", "layer_replication"];

    private readonly CausalLanguageModel _model;
    private readonly Dictionary<string, LoraPair> _pairs;
    private readonly LoraOptions _options;

    private LoraAdapter(CausalLanguageModel model, LoraOptions options, Dictionary<string, LoraPair> pairs)
    {
        _model = model;
        _options = options;
        _pairs = pairs;
    }

    /// <summary>The trainable factors, in the order of the model's layers: A then B of each.</summary>
    public IEnumerable<Parameter> Parameters => _pairs.Values.SelectMany(p => new[] { p.A, p.B });

    /// <summary>Number of weights of the adapter.</summary>
    public long ParameterCount => Parameters.Sum(p => p.numel());

    /// <summary>A new adapter: A Gaussian with variance 1 / in, B zero, so that the model is unchanged at first. Inactive until <see cref="Activate"/>.</summary>
    public static LoraAdapter Create(CausalLanguageModel model, LoraOptions options, long seed)
    {
        using var generator = new Generator((ulong)seed);
        var pairs = new Dictionary<string, LoraPair>(StringComparer.Ordinal);
        foreach (var projection in model.Projections)
        {
            using var scope = NewDisposeScope();
            var (outputs, inputs) = (projection.Outputs, projection.Inputs);
            var a = randn([options.Rank, inputs], generator: generator) / Math.Sqrt(inputs); // [r, in]
            pairs[projection.Name] = CreatePair(a.to(model.Device), zeros([outputs, options.Rank], device: model.Device), options);
        }

        return new LoraAdapter(model, options, pairs);
    }

    /// <summary>Loads an adapter in PEFT's layout. Inactive until <see cref="Activate"/>.</summary>
    /// <exception cref="InvalidDataException">A file is missing or malformed, or the adapter does not fit the model; the message says what.</exception>
    public static LoraAdapter Load(CausalLanguageModel model, string folder)
    {
        var options = ReadOptions(Path.Combine(folder, "adapter_config.json"));
        var path = Path.Combine(folder, "adapter_model.safetensors");
        if (!File.Exists(path))
        {
            throw new InvalidDataException($"{folder} lacks adapter_model.safetensors.");
        }

        using var reader = new SafetensorsReader(path);
        var pairs = new Dictionary<string, LoraPair>(StringComparer.Ordinal);
        foreach (var projection in model.Projections)
        {
            using var scope = NewDisposeScope();
            var (outputs, inputs) = (projection.Outputs, projection.Inputs);
            pairs[projection.Name] = CreatePair(
                Read(reader, path, $"{Prefix}{projection.Name}.lora_A.weight", [options.Rank, inputs]).to(model.Device),
                Read(reader, path, $"{Prefix}{projection.Name}.lora_B.weight", [outputs, options.Rank]).to(model.Device),
                options);
        }

        return reader.Names.Count == 2 * pairs.Count
            ? new LoraAdapter(model, options, pairs)
            : throw new InvalidDataException($"{path} has {reader.Names.Count} tensors; the model takes {2 * pairs.Count}: an A and a B for each linear layer.");
    }

    /// <summary>Writes adapter_config.json and adapter_model.safetensors.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public void Save(string folder, string baseModelName)
    {
        Directory.CreateDirectory(folder);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, pair) in _pairs)
        {
            tensors[$"{Prefix}{name}.lora_A.weight"] = pair.A;
            tensors[$"{Prefix}{name}.lora_B.weight"] = pair.B;
        }

        SafetensorsWriter.Write(Path.Combine(folder, "adapter_model.safetensors"), tensors);
        var config = new JsonObject
        {
            ["peft_type"] = "LORA",
            ["task_type"] = "CAUSAL_LM",
            ["base_model_name_or_path"] = baseModelName,
            ["r"] = _options.Rank,
            ["lora_alpha"] = _options.Alpha,
            ["lora_dropout"] = 0.0,
            ["bias"] = "none",
            ["fan_in_fan_out"] = _model.Projections.Any(projection => projection.IsTransposed),
            ["inference_mode"] = true,
            ["target_modules"] = new JsonArray([.. TargetModules().Select(m => (JsonNode)m)]),
        };
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    /// <summary>Puts the adapter beside the model's layers, in place of whichever was active.</summary>
    public void Activate() => SetActive(true);

    /// <summary>Takes the adapter away until the result is disposed: inside, the model is the baseline.</summary>
    public IDisposable Off()
    {
        SetActive(false);
        return new Reactivation(this);
    }

    /// <summary>Adds the adapter to the model's own weights, for good. Faster to run; the adapter may be disposed after.</summary>
    public void Merge()
    {
        using var noGradients = no_grad();
        foreach (var projection in _model.Projections)
        {
            using var product = _pairs[projection.Name].Product(); // [out, in]
            projection.Add(product);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var projection in _model.Projections.Where(p => ReferenceEquals(p.Adapter, _pairs[p.Name])))
        {
            projection.Adapter = null;
        }

        foreach (var parameter in Parameters)
        {
            parameter.Dispose();
        }
    }

    // The last part of each layer's name, such as q_proj.
    private IEnumerable<string> TargetModules() => _pairs.Keys.Select(name => name[(name.LastIndexOf('.') + 1)..]).Distinct();

    private static LoraPair CreatePair(Tensor a, Tensor b, LoraOptions options)
    {
        var pair = new LoraPair(new Parameter(a), new Parameter(b), options.Alpha / options.Rank);
        pair.A.DetachFromDisposeScope();
        pair.B.DetachFromDisposeScope();
        return pair;
    }

    private static LoraOptions ReadOptions(string path)
    {
        using var json = CheckedJson.ReadObject(path);
        T Value<T>(string name, T fallback, Func<JsonElement, T> read) =>
            json.RootElement.TryGetProperty(name, out var value) ? CheckedJson.Value(value, path, name, read) : fallback;
        if (Value("peft_type", "", e => e.GetString()) != "LORA" || Value("bias", "none", e => e.GetString()) != "none"
            || s_variants.Any(name => IsSet(json.RootElement, name)))
        {
            throw new InvalidDataException(
                $"{path}: only plain LoRA of one rank and α, without bias, is supported; train the adapter without {string.Join(", ", s_variants)}.");
        }

        var options = new LoraOptions { Rank = Value("r", 0, e => e.GetInt32()), Alpha = Value("lora_alpha", 0, e => e.GetDouble()) };
        return options.Rank is >= 1 and <= MaxRank && double.IsFinite(options.Alpha)
            ? options
            : throw new InvalidDataException($"{path}: \"r\" is {options.Rank} and \"lora_alpha\" {options.Alpha}; a rank of 1 to {MaxRank} and a finite number are needed.");
    }

    private static bool IsSet(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => false,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() > 0,
        _ => true,
    };

    private static Tensor Read(SafetensorsReader reader, string path, string name, long[] shape) =>
        reader.Names.Contains(name) && reader.ShapeOf(name).SequenceEqual(shape)
            ? reader.Read(name, ScalarType.Float32)
            : throw new InvalidDataException($"{path} lacks \"{name}\" of shape [{string.Join(", ", shape)}]: the adapter belongs on another model.");

    private void SetActive(bool isActive)
    {
        foreach (var projection in _model.Projections)
        {
            projection.Adapter = isActive ? _pairs[projection.Name] : null;
        }
    }

    private sealed class Reactivation(LoraAdapter adapter) : IDisposable
    {
        public void Dispose() => adapter.SetActive(true);
    }
}
