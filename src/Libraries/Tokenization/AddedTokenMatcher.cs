using System.Text.RegularExpressions;
using Rlhf.Tokenization.Splitting;

namespace Rlhf.Tokenization;

/// <summary>Finds added tokens in text: the leftmost, and of those that begin there the longest.</summary>
internal sealed partial class AddedTokenMatcher
{
    private const string MatchesNothing = "(?!)";

    private readonly Dictionary<string, AddedToken> _tokens = new(StringComparer.Ordinal);
    private readonly Regex _pattern;

    /// <param name="tokens">What to look for.</param>
    /// <param name="textOf">How a token stands in the text.</param>
    public AddedTokenMatcher(IEnumerable<AddedToken> tokens, Func<string, string> textOf)
    {
        foreach (var token in tokens)
        {
            _tokens[textOf(token.Content)] = token;
        }

        var alternatives = _tokens.Count == 0 ? MatchesNothing : string.Join('|', _tokens.Keys.OrderByDescending(t => t.Length).Select(Regex.Escape));
        _pattern = new Regex(alternatives, RegexOptions.CultureInvariant);
    }

    /// <summary>The text in pieces, in order: added tokens, and what lies between them (null token).</summary>
    public List<(TextSpan Span, AddedToken? Token)> Split(string text)
    {
        var pieces = new List<(TextSpan, AddedToken?)>();
        var end = 0;
        var lookup = _tokens.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var match in _pattern.EnumerateMatches(text))
        {
            var token = lookup[text.AsSpan(match.Index, match.Length)];
            var (from, to) = (match.Index, match.Index + match.Length);
            if (from < end || (token.IsWholeWord && !IsWholeWord(text, from, to)))
            {
                continue;
            }

            while (token.TakesSpaceBefore && from > end && char.IsWhiteSpace(text[from - 1]))
            {
                from--;
            }

            while (token.TakesSpaceBehind && to < text.Length && char.IsWhiteSpace(text[to]))
            {
                to++;
            }

            AddBetween(end, from);
            pieces.Add((new TextSpan(from, to), token));
            end = to;
        }

        AddBetween(end, text.Length);
        return pieces;

        void AddBetween(int start, int stop)
        {
            if (stop > start)
            {
                pieces.Add((new TextSpan(start, stop), null));
            }
        }
    }

    private static bool IsWholeWord(string text, int from, int to) =>
        !(from > 0 && WordCharacter().IsMatch(text.AsSpan(from - 1, 1))) && !(to < text.Length && WordCharacter().IsMatch(text.AsSpan(to, 1)));

    [GeneratedRegex(@"\w", RegexOptions.CultureInvariant)]
    private static partial Regex WordCharacter();
}
