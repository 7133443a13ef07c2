namespace Rlhf.Tokenization.Normalizing;

/// <summary>"prepend_scheme" of Hugging Face's "Metaspace" pre-tokenizer.</summary>
internal enum WordMarkPrefix
{
    /// <summary>Before every text between added tokens.</summary>
    Always,

    /// <summary>At the very beginning only.</summary>
    First,

    /// <summary>Nowhere.</summary>
    Never,
}
