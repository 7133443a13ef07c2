namespace Rlhf.LanguageModels.Sampling;

/// <summary>Why a response ended.</summary>
public enum FinishKind
{
    /// <summary>A token that ends responses was drawn.</summary>
    EndOfSequence,

    /// <summary>The text ended in a stop text, or a stop token was drawn.</summary>
    Stop,

    /// <summary>The longest response or the context's end was reached.</summary>
    Length,
}
