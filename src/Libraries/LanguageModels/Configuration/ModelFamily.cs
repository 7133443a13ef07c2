namespace Rlhf.LanguageModels.Configuration;

/// <summary>The "model_type" of a config.json: decides the names of its options and of the weights.</summary>
public enum ModelFamily
{
    /// <summary>Llama 1 to 3.x, SmolLM, SmolLM2 and others with the same layers (arXiv:2302.13971).</summary>
    Llama,

    /// <summary>Mistral: attention within a sliding window (arXiv:2310.06825).</summary>
    Mistral,

    /// <summary>Qwen2 and Qwen2.5: biases on queries, keys and values (arXiv:2407.10671).</summary>
    Qwen2,

    /// <summary>Qwen3: norms on the queries and keys of each head (arXiv:2505.09388).</summary>
    Qwen3,

    /// <summary>GPT-2 and its distilled form: learned positions, layer norms, biases, transposed weights (Radford et al. 2019).</summary>
    Gpt2,

    /// <summary>Gemma: scaled embeddings, gated GELU (arXiv:2403.08295).</summary>
    Gemma,

    /// <summary>Gemma 2: also soft caps, norms after each part, every other layer within a window (arXiv:2408.00118).</summary>
    Gemma2,
}
