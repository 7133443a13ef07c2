using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.LanguageModels.Checkpoints;
using Rlhf.Tensors;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Tests;

/// <summary>A folder in Hugging Face layout with a small model of some family, its weights random.</summary>
internal sealed class FamilyModel : IDisposable
{
    public const int Context = 48;
    public const int Vocabulary = 23;

    private const string Sizes =
        """
        "vocab_size": 23, "hidden_size": 12, "intermediate_size": 20, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": 6, "max_position_embeddings": 48, "rms_norm_eps": 1e-5
        """;

    // Options whose effect shows within 48 tokens.
    private static readonly Dictionary<string, string> s_options = new(StringComparer.Ordinal)
    {
        ["llama"] = """ "model_type": "llama" """,
        ["llama with biases"] = """ "model_type": "llama", "attention_bias": true, "mlp_bias": true, "tie_word_embeddings": true """,
        ["llama, scaled by bands"] =
            """
            "model_type": "llama", "rope_theta": 500.0, "rope_scaling":
            {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 60}
            """,
        ["llama, scaled linearly"] = """ "model_type": "llama", "rope_scaling": {"type": "linear", "factor": 2.5} """,
        ["mistral"] = """ "model_type": "mistral", "sliding_window": 7, "rope_theta": 1000000.0 """,
        ["qwen2"] = """ "model_type": "qwen2", "tie_word_embeddings": true, "sliding_window": 4, "use_sliding_window": false """,
        ["qwen2, later layers within a window"] = """ "model_type": "qwen2", "use_sliding_window": true, "sliding_window": 5, "max_window_layers": 1 """,
        ["qwen3"] = """ "model_type": "qwen3", "attention_bias": false """,
        ["gemma"] = """ "model_type": "gemma", "hidden_act": "gelu", "hidden_activation": null """,
        ["gemma2"] =
            """
            "model_type": "gemma2", "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 6, "query_pre_attn_scalar": 9,
            "attn_logit_softcapping": 1.5, "final_logit_softcapping": 2.0
            """,
        ["gpt2"] =
            """
            "model_type": "gpt2", "n_embd": 12, "n_head": 3, "n_layer": 3, "n_positions": 48, "n_inner": null, "activation_function": "gelu_new",
            "layer_norm_epsilon": 1e-5
            """,
    };

    private FamilyModel(string folder, JsonElement config) => (Folder, Config) = (folder, config);

    /// <summary>All cases.</summary>
    public static IEnumerable<string> Names => s_options.Keys;

    public string Folder { get; }

    /// <summary>config.json.</summary>
    public JsonElement Config { get; }

    /// <summary>Writes config.json, weights whose size makes attention and nonlinearities matter, and options that only must survive.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="isClassifier">Whether the weights have a score in place of the vocabulary's head.</param>
    /// <param name="change">Changes the options before anything is made of them.</param>
    public static FamilyModel Write(string name, bool isClassifier = false, Action<JsonObject>? change = null)
    {
        var folder = Directory.CreateTempSubdirectory("family-test").FullName;
        var sizes = name == "gpt2" ? "\"vocab_size\": 23" : Sizes;
        var json = JsonNode.Parse($$"""{ {{s_options[name]}}, {{sizes}}, "eos_token_id": [1, 2], "initializer_range": 0.02, "note": {"a": [1, null]} }""")?.AsObject() ?? [];
        change?.Invoke(json);
        var path = Path.Combine(folder, "config.json");
        File.WriteAllText(path, json.ToJsonString());
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var model = CausalLanguageModel.Create(ModelConfig.Load(folder), seed: 3);
        using var generator = new Generator(5);
        var weights = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (key, parameter) in model.Parameters.Where(parameter => !isClassifier || parameter.Key != "lm_head.weight"))
        {
            // About 1, which Gemma stores as 0.
            var isGain = parameter.dim() == 1 && !key.EndsWith(".bias", StringComparison.Ordinal) && !name.StartsWith("gemma", StringComparison.Ordinal);
            weights[key] = randn(parameter.shape, generator: generator).Times(0.25).Plus(isGain ? 1 : 0);
        }

        if (isClassifier)
        {
            weights["score.weight"] = randn([1, 12], generator: generator);
        }

        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), weights);
        using var parsed = JsonDocument.Parse(File.ReadAllBytes(path));
        return new FamilyModel(folder, parsed.RootElement.Clone());
    }

    /// <summary>The model as plain loops.</summary>
    public PlainTransformer Plain() => new(Config, Weights());

    /// <summary>The stored tensors.</summary>
    public Dictionary<string, double[]> Weights()
    {
        using var reader = new SafetensorsReader(Path.Combine(Folder, "model.safetensors"));
        return reader.Names.ToDictionary(name => name, name =>
        {
            using var tensor = reader.Read(name, ScalarType.Float64);
            return tensor.data<double>().ToArray();
        });
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
