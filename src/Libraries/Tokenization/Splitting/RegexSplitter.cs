using System.Text.RegularExpressions;

namespace Rlhf.Tokenization.Splitting;

/// <summary>Splits at the matches of a pattern, as Hugging Face's "Split" pre-tokenizer does.</summary>
/// <param name="pattern">A regular expression that is known to be valid.</param>
/// <param name="behavior">What becomes of its matches.</param>
/// <param name="isInverted">Whether what lies between the matches counts as match, and the matches as text between.</param>
internal sealed class RegexSplitter(string pattern, SplitBehavior behavior, bool isInverted) : TextSplitter
{
    // Compiled on first use; .NET keeps the most recent ones for all who use the same pattern.
    public const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.Compiled;

    /// <summary>No honest pattern takes this long for one match.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override void Split(string text, TextSpan part, List<TextSpan> words)
    {
        var first = words.Count;
        var joinsNext = false;
        var lastIsMatch = false;
        foreach (var (piece, isMatch) in Pieces(text, part))
        {
            // A piece that grows the word before it, or starts one.
            var joins = words.Count > first && behavior switch
            {
                SplitBehavior.MergedWithPrevious => isMatch && !lastIsMatch,
                SplitBehavior.MergedWithNext => !isMatch && joinsNext,
                SplitBehavior.Contiguous => isMatch && lastIsMatch,
                _ => false,
            };
            (joinsNext, lastIsMatch) = (isMatch, isMatch);
            if (joins)
            {
                words[^1] = words[^1] with { End = piece.End };
            }
            else if (!(isMatch && behavior == SplitBehavior.Removed))
            {
                words.Add(piece);
            }
        }
    }

    private List<(TextSpan Piece, bool IsMatch)> Pieces(string text, TextSpan part)
    {
        var pieces = new List<(TextSpan, bool)>();
        var end = part.Start;
        foreach (var match in Regex.EnumerateMatches(text.AsSpan(part.Start, part.Length), pattern, Options, Timeout))
        {
            var (from, to) = (part.Start + match.Index, part.Start + match.Index + match.Length);
            if (from > end)
            {
                pieces.Add((new TextSpan(end, from), isInverted));
            }

            if (to > from)
            {
                pieces.Add((new TextSpan(from, to), !isInverted));
            }

            end = to;
        }

        if (part.End > end)
        {
            pieces.Add((new TextSpan(end, part.End), isInverted));
        }

        return pieces;
    }
}
