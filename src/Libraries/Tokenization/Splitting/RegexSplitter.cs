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
    /// <exception cref="InvalidDataException">The pattern runs away on this text.</exception>
    public override void Split(string text, TextSpan part, List<TextSpan> words)
    {
        var joiner = new WordJoiner(words, behavior);
        var end = part.Start;
        try
        {
            foreach (var match in Regex.EnumerateMatches(text.AsSpan(part.Start, part.Length), pattern, Options, Timeout))
            {
                var (from, to) = (part.Start + match.Index, part.Start + match.Index + match.Length);
                joiner.Add(new TextSpan(end, from), isInverted);
                joiner.Add(new TextSpan(from, to), !isInverted);
                end = to;
            }
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new InvalidDataException($"The tokenizer's pattern \"{pattern}\" took more than {Timeout.TotalSeconds} s for one match.", e);
        }

        joiner.Add(new TextSpan(end, part.End), isInverted);
    }

    /// <summary>Makes words of matches and what lies between them.</summary>
    private struct WordJoiner(List<TextSpan> words, SplitBehavior behavior)
    {
        private readonly int _first = words.Count;
        private bool _lastIsMatch;

        public void Add(TextSpan piece, bool isMatch)
        {
            if (piece.Length == 0)
            {
                return;
            }

            var joinsLast = words.Count > _first && behavior switch
            {
                SplitBehavior.MergedWithPrevious => isMatch && !_lastIsMatch,
                SplitBehavior.MergedWithNext => !isMatch && _lastIsMatch,
                SplitBehavior.Contiguous => isMatch && _lastIsMatch,
                _ => false,
            };
            _lastIsMatch = isMatch;
            if (joinsLast)
            {
                words[^1] = words[^1] with { End = piece.End };
            }
            else if (!(isMatch && behavior == SplitBehavior.Removed))
            {
                words.Add(piece);
            }
        }
    }
}
