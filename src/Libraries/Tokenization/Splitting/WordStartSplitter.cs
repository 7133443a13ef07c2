namespace Rlhf.Tokenization.Splitting;

/// <summary>
/// Splits before each run of word marks. Right for vocabularies without a token in which a mark follows another character:
/// nothing merges across such a place, so the words give the same tokens as the whole text, and can be remembered.
/// </summary>
internal sealed class WordStartSplitter(char mark) : TextSplitter
{
    /// <summary>Whether no token has a mark behind another character.</summary>
    public static bool IsRightFor(char mark, IEnumerable<string> tokens) =>
        !tokens.Any(token => token.AsSpan().TrimStart(mark).Contains(mark));

    /// <inheritdoc/>
    public override void Split(string text, TextSpan part, List<TextSpan> words)
    {
        var start = part.Start;
        while (start < part.End)
        {
            var rest = text.AsSpan(start, part.End - start);
            var marks = rest.IndexOfAnyExcept(mark);
            var letters = marks < 0 ? 0 : rest[marks..].IndexOf(mark);
            var end = marks < 0 || letters < 0 ? part.End : start + marks + letters;
            words.Add(new TextSpan(start, end));
            start = end;
        }
    }
}
