using System.Text.Json.Nodes;
using Rlhf.LanguageModels.Adapters;
using Rlhf.LanguageModels.Checkpoints;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Tests;

/// <summary>What a model folder may not say, and what it may say in several ways.</summary>
public sealed class ConfigTests
{
    [Theory]
    [InlineData("llama", "model_type", "\"mamba\"", "\"mamba\"")]
    [InlineData("llama", "model_type", "\"Llama\"", "\"Llama\"")]
    [InlineData("llama", "model_type", "\"1\"", "\"1\"")]
    [InlineData("llama", "model_type", "null", "not supported")]
    [InlineData("llama", "rope_scaling", """{"factor": 8}""", "rope_scaling")]
    [InlineData("llama", "rope_scaling", """{"rope_type": "yarn", "factor": 8}""", "yarn")]
    [InlineData("llama", "rope_scaling", """{"type": "dynamic", "factor": 8}""", "dynamic")]
    [InlineData("qwen3", "rope_scaling", """{"rope_type": "longrope", "factor": 8}""", "longrope")]
    [InlineData("llama", "rope_scaling", """{"rope_type": "linear"}""", "lacks \"factor\"")]
    [InlineData("llama", "rope_scaling", """{"rope_type": "linear", "factor": -1}""", "\"factor\"")]
    [InlineData("llama", "rope_scaling", "[8]", "rope_scaling")]
    [InlineData("llama", "rope_scaling", """{"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4, "original_max_position_embeddings": 60}""", "less than")]
    [InlineData("llama, scaled linearly", "rope_parameters", """{"rope_type": "default"}""", "both given")]
    [InlineData("llama", "rope_parameters", """{"full_attention": {"rope_type": "default"}, "rope_type": "yarn"}""", "yarn")]
    [InlineData("llama", "rope_parameters", """{"partial_rotary_factor": 0.5}""", "partial_rotary_factor")]
    [InlineData("llama", "partial_rotary_factor", "0.25", "partial_rotary_factor")]
    [InlineData("llama", "quantization_config", """{"bits": 4}""", "quantization_config")]
    [InlineData("llama", "hidden_act", "\"relu\"", "relu")]
    [InlineData("llama", "attention_bias", "\"yes\"", "attention_bias")]
    [InlineData("llama", "rms_norm_eps", "1e999", "rms_norm_eps")]
    [InlineData("llama", "num_hidden_layers", "16777216", "num_hidden_layers")]
    [InlineData("llama", "num_key_value_heads", "3", "don't divide")]
    [InlineData("llama", "head_dim", "5", "don't divide")]
    [InlineData("llama", "hidden_size", "20", "embed_tokens")]
    [InlineData("llama", "attention_bias", "true", "q_proj.bias")]
    [InlineData("llama with biases", "mlp_bias", "false", "mlp.down_proj.bias")]
    [InlineData("qwen3", "model_type", "\"llama\"", "k_norm")]
    [InlineData("mistral", "attention_bias", "true", "attention_bias")]
    [InlineData("mistral", "layer_types", """["sliding_attention", "full_attention", "sliding_attention"]""", "layer_types")]
    [InlineData("qwen2", "layer_types", """["sliding_attention", "full_attention", "full_attention"]""", "layer_types")]
    [InlineData("gemma2", "layer_types", """["sliding_attention"]""", "layer_types")]
    [InlineData("gemma2", "layer_types", """["chunked_attention", "full_attention", "full_attention"]""", "layer_types")]
    [InlineData("gemma2", "use_bidirectional_attention", "true", "use_bidirectional_attention")]
    [InlineData("gpt2", "scale_attn_weights", "false", "scale_attn_weights")]
    [InlineData("gpt2", "scale_attn_by_inverse_layer_idx", "true", "scale_attn_by_inverse_layer_idx")]
    [InlineData("gpt2", "add_cross_attention", "true", "add_cross_attention")]
    [InlineData("gpt2", "activation_function", "\"gelu\"", "gelu")]
    [InlineData("gpt2", "n_head", "5", "n_head")]
    public void What_is_not_supported_or_does_not_fit_is_refused_by_name(string family, string option, string value, string said)
    {
        using var files = FamilyModel.Write(family);
        var path = Path.Combine(files.Folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))?.AsObject() ?? [];
        config[option] = JsonNode.Parse(value);
        File.WriteAllText(path, config.ToJsonString());
        var message = Assert.Throws<InvalidDataException>(() => CausalLanguageModel.Load(files.Folder)).Message;
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.EndsWith(".", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama, scaled by bands")]
    [InlineData("llama, scaled linearly")]
    [InlineData("llama")]
    public void Rotary_options_may_stand_together_as_later_versions_write_them(string family)
    {
        using var files = FamilyModel.Write(family);
        using var later = FamilyModel.Write(family, change: json =>
        {
            var rope = json["rope_scaling"]?.DeepClone().AsObject() ?? new JsonObject { ["rope_type"] = "default" };
            rope["rope_theta"] = json["rope_theta"]?.DeepClone() ?? 10000;
            json.Remove("rope_scaling");
            json.Remove("rope_theta");
            json["rope_parameters"] = rope;
        });
        Assert.Equal(ModelConfig.Load(files.Folder), ModelConfig.Load(later.Folder));
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("qwen2")]
    public void A_checkpoint_of_the_bare_transformer_loads(string family)
    {
        using var files = FamilyModel.Write(family);
        var path = Path.Combine(files.Folder, "model.safetensors");
        using var model = CausalLanguageModel.Load(files.Folder);
        SafetensorsWriter.Write(path, model.Parameters.ToDictionary(p => p.Key[(p.Key.IndexOf('.', StringComparison.Ordinal) + 1)..], p => (Tensor)p.Value));
        using var bare = CausalLanguageModel.Load(files.Folder);
        Assert.Equal(model.Parameters.Keys, bare.Parameters.Keys);
        Assert.Equal(Paths.Tensors(model, [1, 2, 3]), Paths.Tensors(bare, [1, 2, 3]));
    }

    [Fact]
    public void Parts_that_no_model_of_the_family_has_are_refused()
    {
        using var files = FamilyModel.Write("llama");
        var shape = ModelConfig.Load(files.Folder);
        Assert.Contains("Llama", Assert.Throws<ArgumentException>(() => CausalLanguageModel.Create(shape with { HasQueryKeyNorms = true }, 1)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => CausalLanguageModel.Create(shape with { KeyValueHeads = 3 }, 1));
    }

    [Fact]
    public void A_reward_model_has_no_logits()
    {
        using var files = FamilyModel.Write("llama", isClassifier: true);
        using var model = RewardModel.Load(files.Folder);
        Assert.Throws<InvalidOperationException>(() => Paths.Tensors(model.Trunk, [1, 2]));
        Assert.Throws<ArgumentException>(() => Decoding.DecodingModel.Pack(model.Trunk, threads: 1));
    }

    [Theory]
    [InlineData("use_rslora", "true")]
    [InlineData("use_dora", "true")]
    [InlineData("alpha_pattern", """{"q_proj": 3}""")]
    [InlineData("bias", "\"all\"")]
    public void A_variant_of_lora_is_refused_by_name(string option, string value)
    {
        using var files = FamilyModel.Write("llama");
        using var model = CausalLanguageModel.Load(files.Folder);
        using var adapter = LoraAdapter.Create(model, new LoraOptions(), seed: 1);
        adapter.Save(files.Folder, "base");
        var path = Path.Combine(files.Folder, "adapter_config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))?.AsObject() ?? [];
        config[option] = JsonNode.Parse(value);
        File.WriteAllText(path, config.ToJsonString());
        Assert.Contains(option, Assert.Throws<InvalidDataException>(() => LoraAdapter.Load(model, files.Folder)).Message, StringComparison.Ordinal);
    }
}
