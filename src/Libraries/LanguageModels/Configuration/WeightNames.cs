namespace Rlhf.LanguageModels.Configuration;

/// <summary>What a family's checkpoint calls its weights, without ".weight" and ".bias".</summary>
/// <param name="Base">Prefix of all but the head; checkpoints of the bare transformer lack it.</param>
/// <param name="Embedding">Of tokens.</param>
/// <param name="Positions">Learned positions, where the model has them.</param>
/// <param name="Layers">The list of blocks.</param>
/// <param name="AttentionNorm">In a block, before attention.</param>
/// <param name="QueryKeyValue">In a block: three layers, or one with all outputs.</param>
/// <param name="Output">In a block, attention's output.</param>
/// <param name="AttentionPostNorm">In a block, after attention.</param>
/// <param name="FeedForwardNorm">In a block, before the feed-forward layer.</param>
/// <param name="Inner">In a block: the feed-forward layer's gate and its other input, or the one there is.</param>
/// <param name="Down">In a block, the feed-forward layer's output.</param>
/// <param name="FeedForwardPostNorm">In a block, after the feed-forward layer.</param>
/// <param name="Norm">After the last block.</param>
/// <param name="AreTransposed">Whether linear layers' weights are stored [in, out].</param>
internal sealed record WeightNames(
    string Base,
    string Embedding,
    string Positions,
    string Layers,
    string AttentionNorm,
    IReadOnlyList<string> QueryKeyValue,
    string Output,
    string AttentionPostNorm,
    string FeedForwardNorm,
    IReadOnlyList<string> Inner,
    string Down,
    string FeedForwardPostNorm,
    string Norm,
    bool AreTransposed)
{
    /// <summary>The vocabulary's head, where it isn't the embedding.</summary>
    public const string Head = "lm_head";

    /// <summary>A classifier's head.</summary>
    public const string Score = "score";

    /// <summary>In a block: the norm of each head's queries.</summary>
    public const string QueryNorm = "self_attn.q_norm";

    /// <summary>In a block: the norm of each head's keys.</summary>
    public const string KeyNorm = "self_attn.k_norm";

    private static readonly WeightNames s_llama = new(
        "model.", "embed_tokens", "", "layers",
        "input_layernorm", ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], "self_attn.o_proj", "",
        "post_attention_layernorm", ["mlp.gate_proj", "mlp.up_proj"], "mlp.down_proj", "", "norm", AreTransposed: false);

    private static readonly WeightNames s_gemma2 = s_llama with
    {
        AttentionPostNorm = "post_attention_layernorm",
        FeedForwardNorm = "pre_feedforward_layernorm",
        FeedForwardPostNorm = "post_feedforward_layernorm",
    };

    private static readonly WeightNames s_gpt2 = new(
        "transformer.", "wte", "wpe", "h",
        "ln_1", ["attn.c_attn"], "attn.c_proj", "", "ln_2", ["mlp.c_fc"], "mlp.c_proj", "", "ln_f", AreTransposed: true);

    /// <summary>A family's names.</summary>
    public static WeightNames Of(ModelFamily family) => family switch
    {
        ModelFamily.Gpt2 => s_gpt2,
        ModelFamily.Gemma2 => s_gemma2,
        _ => s_llama,
    };

    /// <summary>The name of Hugging Face's class.</summary>
    public static string ClassOf(ModelFamily family, bool isClassifier) => PrefixOf(family) + (isClassifier
        ? "ForSequenceClassification"
        : family == ModelFamily.Gpt2 ? "LMHeadModel" : "ForCausalLM");

    /// <summary>The same of the class without a head.</summary>
    public static string TrunkClassOf(ModelFamily family) => PrefixOf(family) + "Model";

    /// <summary>Whether the weight belongs to a projection back into the stream.</summary>
    public bool IsResidual(string weight) =>
        weight.EndsWith(Output + ".weight", StringComparison.Ordinal) || weight.EndsWith(Down + ".weight", StringComparison.Ordinal);

    /// <summary>Whether a checkpoint may hold a tensor that the model doesn't take: a table that it computes, or a head.</summary>
    public bool CanBeIgnored(string tensor) =>
        tensor is Head + ".weight" or Score + ".weight"
        || tensor.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
        || (AreTransposed && (tensor.EndsWith(".attn.bias", StringComparison.Ordinal) || tensor.EndsWith(".attn.masked_bias", StringComparison.Ordinal)));

    private static string PrefixOf(ModelFamily family) => family == ModelFamily.Gpt2 ? "GPT2" : family.ToString();
}
