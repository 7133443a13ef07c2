using System.Text.Json.Nodes;

namespace Rlhf.LanguageModels.Configuration;

/// <summary>The options that <see cref="ConfigParser"/> reads as a given model.</summary>
internal static class ConfigWriter
{
    /// <summary>A family's "model_type".</summary>
    public static string TypeOf(ModelFamily family) => family.ToString().ToLowerInvariant();

    /// <summary>Writes the family's own options.</summary>
    public static JsonObject Write(ModelConfig config)
    {
        var json = config.Family == ModelFamily.Gpt2 ? Gpt2(config) : RotaryFamily(config);
        json["model_type"] = TypeOf(config.Family);
        json["vocab_size"] = config.VocabularySize;
        json["tie_word_embeddings"] = config.HasTiedHead;
        return json;
    }

    private static JsonObject Gpt2(ModelConfig config) => new()
    {
        ["activation_function"] = NameOf(config.Activation, "gelu_new"),
        ["n_embd"] = config.HiddenSize,
        ["n_inner"] = config.IntermediateSize,
        ["n_layer"] = config.Layers,
        ["n_head"] = config.Heads,
        ["n_positions"] = config.ContextLength,
        ["layer_norm_epsilon"] = config.NormEpsilon,
    };

    private static JsonObject RotaryFamily(ModelConfig config)
    {
        var json = new JsonObject
        {
            [config.Family == ModelFamily.Gemma2 ? "hidden_activation" : "hidden_act"] = NameOf(config.Activation, "gelu_pytorch_tanh"),
            ["hidden_size"] = config.HiddenSize,
            ["intermediate_size"] = config.IntermediateSize,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["num_key_value_heads"] = config.KeyValueHeads,
            ["head_dim"] = config.HeadSize,
            ["max_position_embeddings"] = config.ContextLength,
            ["rms_norm_eps"] = config.NormEpsilon,
            ["rope_theta"] = config.RopeTheta,
            ["rope_scaling"] = Scaling(config.RopeScaling),
        };
        if (config.Family is not (ModelFamily.Mistral or ModelFamily.Qwen2))
        {
            json["attention_bias"] = config.HasOutputBias;
        }

        if (config.Family == ModelFamily.Llama)
        {
            json["mlp_bias"] = config.HasFeedForwardBias;
        }

        if (config.Family is ModelFamily.Mistral or ModelFamily.Qwen2 or ModelFamily.Qwen3 or ModelFamily.Gemma2)
        {
            WriteWindow(json, config);
        }

        if (config.Family == ModelFamily.Gemma2)
        {
            json["query_pre_attn_scalar"] = config.QueryScalar;
            json["attn_logit_softcapping"] = config.AttentionSoftCap;
            json["final_logit_softcapping"] = config.LogitSoftCap;
        }

        return json;
    }

    private static void WriteWindow(JsonObject json, ModelConfig config)
    {
        json["sliding_window"] = config.Window?.Width;
        if (config.Family is ModelFamily.Qwen2 or ModelFamily.Qwen3)
        {
            json["use_sliding_window"] = config.Window is not null;
        }

        if (config.Window is { } window && config.Family != ModelFamily.Mistral)
        {
            json["layer_types"] = new JsonArray(
                [.. Enumerable.Range(0, config.Layers).Select(layer => (JsonNode)(window.Covers(layer) ? "sliding_attention" : "full_attention"))]);
        }
    }

    private static JsonObject? Scaling(RopeScaling? scaling) => scaling switch
    {
        null => null,
        { Bands: null } => new JsonObject { ["rope_type"] = "linear", ["factor"] = scaling.Factor },
        { Bands: { } bands } => new JsonObject
        {
            ["rope_type"] = "llama3",
            ["factor"] = scaling.Factor,
            ["low_freq_factor"] = bands.LowFrequencyFactor,
            ["high_freq_factor"] = bands.HighFrequencyFactor,
            ["original_max_position_embeddings"] = bands.OriginalContext,
        },
    };

    private static string NameOf(Activation activation, string gelu) => activation == Activation.Silu ? "silu" : gelu;
}
