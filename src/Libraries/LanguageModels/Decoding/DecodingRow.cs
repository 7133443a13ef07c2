namespace Rlhf.LanguageModels.Decoding;

/// <summary>A token that a step appends to a sequence.</summary>
/// <param name="Sequence">Which sequence; several rows of a step may append to one, in their order.</param>
/// <param name="Token">Its id.</param>
/// <param name="IsAsked">Whether the logits or the hidden state after it are wanted.</param>
public readonly record struct DecodingRow(DecodingSequence Sequence, int Token, bool IsAsked);
