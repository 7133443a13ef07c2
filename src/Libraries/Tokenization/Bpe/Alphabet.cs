namespace Rlhf.Tokenization.Bpe;

/// <summary>What a word is made of before anything merges.</summary>
internal abstract class Alphabet
{
    /// <summary>The most symbols that a word of so many UTF-16 units has.</summary>
    public abstract int MaxSymbols(int length);

    /// <summary>Writes the token ids of a word's smallest parts.</summary>
    /// <param name="word">Text without lone surrogates.</param>
    /// <param name="symbols">Room for <see cref="MaxSymbols"/>.</param>
    /// <returns>How many were written.</returns>
    public abstract int Symbols(ReadOnlySpan<char> word, Span<int> symbols);

    /// <summary>The token of a whole word, looked up as the vocabulary writes it; null where there is none.</summary>
    public abstract int? WholeWord(ReadOnlySpan<char> word);
}
