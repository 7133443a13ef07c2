using System.Text.Json;
using Rlhf.LanguageModels.Checkpoints;

namespace Rlhf.LanguageModels.Adapters;

/// <summary>A folder with an adapter in PEFT's layout (adapter_config.json, adapter_model.safetensors), open for reading.</summary>
internal sealed class AdapterFile : IDisposable
{
    public const string ConfigName = "adapter_config.json";
    public const string WeightsName = "adapter_model.safetensors";

    private const int MaxRank = 1024;

    // Options of PEFT that would change the numbers.
    private static readonly string[] s_variants = ["use_dora", "use_rslora", "rank_pattern", "alpha_pattern", "modules_to_save", "lora_bias", "layer_replication"];

    private readonly string _path;

    /// <summary>Opens an adapter.</summary>
    /// <param name="folder">The adapter's.</param>
    /// <param name="layerCount">Linear layers of the model, each of which the adapter has a pair for.</param>
    /// <exception cref="InvalidDataException">A file is missing or malformed, or the adapter has other layers; the message says what.</exception>
    public AdapterFile(string folder, int layerCount)
    {
        Options = ReadOptions(Path.Combine(folder, ConfigName));
        _path = Path.Combine(folder, WeightsName);
        Weights = new SafetensorsReader(_path);
        if (Weights.Names.Count != 2 * layerCount)
        {
            Weights.Dispose();
            throw new InvalidDataException(
                $"{_path} has {Weights.Names.Count} tensors, and the model takes {2 * layerCount}: an A and a B for each linear layer; train the adapter on all of them.");
        }
    }

    /// <summary>Rank and α.</summary>
    public LoraOptions Options { get; }

    /// <summary>The factors.</summary>
    public SafetensorsReader Weights { get; }

    /// <summary>What a layer's A [r, in] is called.</summary>
    public static string NameOfA(string layer) => $"base_model.model.{layer}.lora_A.weight";

    /// <summary>What a layer's B [out, r] is called.</summary>
    public static string NameOfB(string layer) => $"base_model.model.{layer}.lora_B.weight";

    /// <summary>Requires a factor of a shape.</summary>
    /// <returns>The name.</returns>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public string Require(string name, params long[] shape) =>
        Weights.Contains(name) && Weights.ShapeOf(name).SequenceEqual(shape)
            ? name
            : throw new InvalidDataException($"{_path} lacks \"{name}\" of shape [{string.Join(", ", shape)}]: the adapter belongs on another model.");

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

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
}
