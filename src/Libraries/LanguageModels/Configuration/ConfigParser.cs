using Rlhf.LanguageModels.Checkpoints;

namespace Rlhf.LanguageModels.Configuration;

/// <summary>
/// What a config.json says about a model, with Hugging Face's defaults for what it leaves out. An option that would change the
/// numbers in a way that isn't supported is refused, by name.
/// </summary>
internal static class ConfigParser
{
    private const string Rotary = "rope_parameters"; // all of them, as Transformers 5 writes
    private const string RotaryScaling = "rope_scaling"; // what earlier versions write beside "rope_theta"

    private const int MostLayers = 4096; // far more than any model has: a wrong number must not take the memory

    private static readonly Dictionary<string, ModelFamily> s_families = Enum.GetValues<ModelFamily>().ToDictionary(ConfigWriter.TypeOf, StringComparer.Ordinal);

    /// <summary>Reads and checks the options.</summary>
    /// <exception cref="InvalidDataException">An option is missing, wrong or not supported.</exception>
    public static ModelConfig Parse(ConfigValues values)
    {
        var type = values.Text("model_type") ?? "";
        if (!s_families.TryGetValue(type, out var family))
        {
            throw values.Wrong($"the architecture {MalformedFile.Quote(type)} is not supported; {string.Join(", ", s_families.Keys.Select(name => $"\"{name}\""))} are");
        }

        if (values.Has("quantization_config"))
        {
            throw values.Unsupported("quantization_config");
        }

        values.Refuse("is_encoder_decoder", unless: false);
        values.Refuse("add_cross_attention", unless: false);
        values.Refuse("use_bidirectional_attention", unless: false);
        values.Refuse("use_mrope", unless: false);
        return Check(family == ModelFamily.Gpt2 ? Gpt2(values) : RotaryFamily(values, family), values);
    }

    private static ModelConfig Gpt2(ConfigValues values)
    {
        values.Refuse("scale_attn_weights", unless: true);
        values.Refuse("scale_attn_by_inverse_layer_idx", unless: false);
        var (hidden, heads) = (values.Positive("n_embd"), values.Positive("n_head"));
        return new ModelConfig
        {
            Family = ModelFamily.Gpt2,
            VocabularySize = values.Positive("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = values.Positive("n_inner", 4 * hidden),
            Layers = values.Positive("n_layer", largest: MostLayers),
            Heads = heads,
            KeyValueHeads = heads,
            HeadSize = hidden % heads == 0 ? hidden / heads : throw values.Wrong($"\"n_embd\" {hidden} is no multiple of \"n_head\" {heads}"),
            ContextLength = values.Positive("n_positions"),
            Norm = NormKind.Layer,
            NormEpsilon = values.Real("layer_norm_epsilon", 1e-5),
            HasTiedHead = values.Flag("tie_word_embeddings", true),
            HasLearnedPositions = true,
            HasGate = false,
            Activation = ActivationOf(values, "activation_function", "gelu_new"),
            HasQueryKeyValueBias = true,
            HasOutputBias = true,
            HasFeedForwardBias = true,
        };
    }

    private static ModelConfig RotaryFamily(ConfigValues values, ModelFamily family)
    {
        var isGemma = family is ModelFamily.Gemma or ModelFamily.Gemma2;
        var isGemma2 = family == ModelFamily.Gemma2;
        if (family == ModelFamily.Mistral)
        {
            values.Refuse("attention_bias", unless: false);
        }

        var hasBias = family is not (ModelFamily.Mistral or ModelFamily.Qwen2) && values.Flag("attention_bias", false);
        var (hidden, heads, layers) = (values.Positive("hidden_size"), values.Positive("num_attention_heads"), values.Positive("num_hidden_layers", largest: MostLayers));
        var (theta, scaling) = RopeOf(values);
        return new ModelConfig
        {
            Family = family,
            VocabularySize = values.Positive("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = values.Positive("intermediate_size"),
            Layers = layers,
            Heads = heads,
            KeyValueHeads = values.Positive("num_key_value_heads", heads),
            HeadSize = values.Positive("head_dim", isGemma ? 256 : family == ModelFamily.Qwen3 ? 128 : hidden / heads),
            ContextLength = values.Positive("max_position_embeddings"),
            Norm = isGemma ? NormKind.RootMeanSquareAboutOne : NormKind.RootMeanSquare,
            NormEpsilon = values.Real("rms_norm_eps", 1e-6),
            RopeTheta = theta,
            RopeScaling = scaling,
            HasTiedHead = values.Flag("tie_word_embeddings", isGemma),
            Activation = isGemma ? GemmaActivation(values) : ActivationOf(values, "hidden_act", "silu"),
            HasQueryKeyValueBias = hasBias || family == ModelFamily.Qwen2,
            HasOutputBias = hasBias,
            HasFeedForwardBias = family == ModelFamily.Llama && values.Flag("mlp_bias", false),
            HasQueryKeyNorms = family == ModelFamily.Qwen3,
            HasPostNorms = isGemma2,
            HasScaledEmbedding = isGemma,
            Window = WindowOf(values, family, layers),
            QueryScalar = isGemma2 ? values.Real("query_pre_attn_scalar", 256) : null,
            AttentionSoftCap = isGemma2 ? SoftCap(values, "attn_logit_softcapping", 50) : null,
            LogitSoftCap = isGemma2 ? SoftCap(values, "final_logit_softcapping", 30) : null,
        };
    }

    private static (double Theta, RopeScaling? Scaling) RopeOf(ConfigValues values)
    {
        if (values.Has(Rotary) && values.Has(RotaryScaling))
        {
            throw values.Wrong($"\"{Rotary}\" and \"{RotaryScaling}\" are both given; keep the one that holds");
        }

        var all = values.Inside(Rotary);
        foreach (var part in all is null ? [values] : (ConfigValues[])[values, all])
        {
            if (part.Real("partial_rotary_factor", 1) != 1)
            {
                throw part.Unsupported("partial_rotary_factor");
            }
        }

        var theta = all?.Has("rope_theta") == true ? all.Real("rope_theta") : values.Real("rope_theta", 10000);
        return (theta, (all ?? values.Inside(RotaryScaling)) is { } scaling ? ScalingOf(scaling, all is null ? null : "default") : null);
    }

    private static RopeScaling? ScalingOf(ConfigValues scaling, string? fallback)
    {
        var name = scaling.Has("rope_type") ? "rope_type" : "type";
        switch (scaling.Text(name) ?? fallback)
        {
            case "default":
                return null;
            case "linear":
                return new RopeScaling(scaling.Real("factor"));
            case "llama3":
                var bands = new RopeBands(scaling.Real("low_freq_factor"), scaling.Real("high_freq_factor"), scaling.Positive("original_max_position_embeddings"));
                return bands.LowFrequencyFactor < bands.HighFrequencyFactor
                    ? new RopeScaling(scaling.Real("factor"), bands)
                    : throw scaling.Wrong("\"low_freq_factor\" must be less than \"high_freq_factor\"");
            case null:
                throw scaling.Wrong("\"rope_type\" is missing; \"default\", \"linear\" and \"llama3\" are supported");
            default:
                throw scaling.Unsupported(name);
        }
    }

    private static SlidingWindow? WindowOf(ConfigValues values, ModelFamily family, int layers)
    {
        var canSlide = family is ModelFamily.Mistral or ModelFamily.Gemma2
            || (family is ModelFamily.Qwen2 or ModelFamily.Qwen3 && values.Flag("use_sliding_window", false));
        var isNull = values.Names("sliding_window") && !values.Has("sliding_window");
        int? width = canSlide && !isNull ? values.Positive("sliding_window", 4096) : null;
        if (family is not (ModelFamily.Llama or ModelFamily.Gemma) && values.Texts("layer_types") is { } types)
        {
            // Mistral's class in Transformers doesn't read the list: it must say what holds without it.
            var isRead = family != ModelFamily.Mistral || types.All(type => type == (width is null ? "full_attention" : "sliding_attention"));
            if (!isRead || types.Count != layers || types.Any(type => type != "full_attention" && (type != "sliding_attention" || width is null)))
            {
                throw values.Unsupported("layer_types");
            }

            return width is { } listed && types.Contains("sliding_attention")
                ? SlidingWindow.Over(listed, layers, layer => types[layer] == "sliding_attention")
                : null;
        }

        return width is not { } tokens ? null : family switch
        {
            ModelFamily.Mistral => SlidingWindow.Over(tokens, layers, _ => true),
            ModelFamily.Gemma2 => SlidingWindow.Over(tokens, layers, layer => layer % 2 == 0),
            _ => FromLayer(tokens, layers, values),
        };
    }

    private static SlidingWindow? FromLayer(int width, int layers, ConfigValues values)
    {
        var first = values.Natural("max_window_layers", 28);
        return first < layers ? SlidingWindow.Over(width, layers, layer => layer >= first) : null;
    }

    // "gelu" in early Gemma files meant the tanh form, which the model was trained with; Transformers reads it so too.
    private static Activation GemmaActivation(ConfigValues values) =>
        !values.Has("hidden_activation") && values.Text("hidden_act") == "gelu" ? Activation.GeluTanh
        : ActivationOf(values, values.Has("hidden_activation") ? "hidden_activation" : "hidden_act", "gelu_pytorch_tanh");

    private static Activation ActivationOf(ConfigValues values, string name, string fallback) => (values.Text(name) ?? fallback) switch
    {
        "silu" or "swish" => Activation.Silu,
        "gelu_new" or "gelu_pytorch_tanh" or "gelu_fast" => Activation.GeluTanh,
        _ => throw values.Unsupported(name),
    };

    private static double? SoftCap(ConfigValues values, string name, double fallback) =>
        values.Names(name) && !values.Has(name) ? null : values.Real(name, fallback);

    private static ModelConfig Check(ModelConfig config, ConfigValues values) =>
        config.Heads % config.KeyValueHeads != 0 || config.HeadSize < 1 || (!config.HasLearnedPositions && config.HeadSize % 2 != 0)
            || (long)config.Heads * config.HeadSize > ConfigValues.Largest
            ? throw values.Wrong(
                $"{config.Heads} heads of width {config.HeadSize} over {config.KeyValueHeads} key-value heads don't divide; the width must be even, and all heads together at most {ConfigValues.Largest} wide")
            : config;
}
