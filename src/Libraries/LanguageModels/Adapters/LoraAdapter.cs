using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.LanguageModels.Checkpoints;
using Rlhf.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Adapters;

/// <summary>
/// A LoRA adapter on all linear layers of attention and feed-forward, stored in PEFT's layout (adapter_config.json,
/// adapter_model.safetensors).
/// </summary>
public sealed class LoraAdapter : IDisposable
{
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
            var a = randn([options.Rank, inputs], generator: generator).DividedBy(Math.Sqrt(inputs)); // [r, in]
            pairs[projection.Name] = CreatePair(a.to(model.Device), zeros([outputs, options.Rank], device: model.Device), options);
        }

        return new LoraAdapter(model, options, pairs);
    }

    /// <summary>Loads an adapter in PEFT's layout. Inactive until <see cref="Activate"/>.</summary>
    /// <exception cref="InvalidDataException">A file is missing or malformed, or the adapter does not fit the model; the message says what.</exception>
    public static LoraAdapter Load(CausalLanguageModel model, string folder)
    {
        using var file = new AdapterFile(folder, model.Projections.Count);
        var options = file.Options;
        var pairs = new Dictionary<string, LoraPair>(StringComparer.Ordinal);
        foreach (var projection in model.Projections)
        {
            using var scope = NewDisposeScope();
            var a = file.Require(AdapterFile.NameOfA(projection.Name), options.Rank, projection.Inputs);
            var b = file.Require(AdapterFile.NameOfB(projection.Name), projection.Outputs, options.Rank);
            pairs[projection.Name] = CreatePair(
                file.Weights.Read(a, ScalarType.Float32).to(model.Device), file.Weights.Read(b, ScalarType.Float32).to(model.Device), options);
        }

        return new LoraAdapter(model, options, pairs);
    }

    /// <summary>Writes adapter_config.json and adapter_model.safetensors.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public void Save(string folder, string baseModelName)
    {
        Directory.CreateDirectory(folder);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, pair) in _pairs)
        {
            tensors[AdapterFile.NameOfA(name)] = pair.A;
            tensors[AdapterFile.NameOfB(name)] = pair.B;
        }

        SafetensorsWriter.Write(Path.Combine(folder, AdapterFile.WeightsName), tensors);
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
        File.WriteAllText(Path.Combine(folder, AdapterFile.ConfigName), config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    /// <summary>Puts the adapter beside the model's layers, in place of whichever was active.</summary>
    public void Activate() => SetActive(true);

    /// <summary>Takes the adapter away until the result is disposed: inside, the model is the baseline.</summary>
    public IDisposable Off() => Set(isActive: false);

    /// <summary>Puts the adapter beside the model's layers until the result is disposed: then what was there before is back.</summary>
    public IDisposable On() => Set(isActive: true);

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

    private Restoration Set(bool isActive)
    {
        var before = _model.Projections.Select(projection => projection.Adapter).ToArray();
        SetActive(isActive);
        return new Restoration(_model, before);
    }

    private void SetActive(bool isActive)
    {
        foreach (var projection in _model.Projections)
        {
            projection.Adapter = isActive ? _pairs[projection.Name] : null;
        }
    }

    private sealed class Restoration(CausalLanguageModel model, LoraPair?[] before) : IDisposable
    {
        public void Dispose()
        {
            foreach (var (projection, pair) in model.Projections.Zip(before))
            {
                projection.Adapter = pair;
            }
        }
    }
}
