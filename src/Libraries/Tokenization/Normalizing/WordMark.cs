namespace Rlhf.Tokenization.Normalizing;

/// <summary>Writes spaces as a mark that belongs to the word behind it (SentencePiece's U+2581).</summary>
/// <param name="Mark">The mark.</param>
/// <param name="Prefix">When a mark is put before a text that has none.</param>
internal sealed record WordMark(char Mark, WordMarkPrefix Prefix)
{
    public const char SentencePiece = '\u2581';

    public string Apply(string text, TextPlace place)
    {
        var marked = text.Replace(' ', Mark);
        var isPrefixed = place == TextPlace.Start ? Prefix != WordMarkPrefix.Never : place == TextPlace.BehindToken && Prefix == WordMarkPrefix.Always;
        return isPrefixed && marked.Length > 0 && marked[0] != Mark ? Mark + marked : marked;
    }
}
