using System.Text;

namespace Rlhf.Tokenization.Chat;

/// <summary>
/// Keeps what people wrote from becoming special tokens. A template's own "&lt;|im_end|&gt;" is a token; the same text in a turn is
/// text. So before a turn goes into the template, the first character of each such text becomes a Unicode noncharacter, and when
/// the special tokens of the whole have been found, it becomes what it was.
/// </summary>
internal sealed class SpecialTextGuard
{
    // Noncharacters: "permanently reserved for internal use" (Unicode 16.0, 23.7).
    private const char FirstNoncharacter = '\uFDD0';
    private const char LastNoncharacter = '\uFDEF';

    private readonly List<string> _texts;
    private readonly Dictionary<char, char> _hidden = [];

    /// <param name="specialTexts">The texts of special tokens.</param>
    /// <param name="others">Texts in whose characters nothing may be hidden: the template and the turns.</param>
    /// <exception cref="ArgumentException">The texts use up the noncharacters.</exception>
    public SpecialTextGuard(IEnumerable<string> specialTexts, IReadOnlyList<string> others)
    {
        _texts = [.. specialTexts.Where(special => others.Any(other => other.Contains(special, StringComparison.Ordinal)))];
        var free = new Queue<char>(Enumerable.Range(FirstNoncharacter, LastNoncharacter - FirstNoncharacter + 1).Select(c => (char)c)
            .Where(c => !others.Any(other => other.Contains(c, StringComparison.Ordinal))));
        foreach (var first in _texts.Select(text => text[0]).Distinct())
        {
            _hidden[first] = free.TryDequeue(out var noncharacter)
                ? noncharacter : throw new ArgumentException("The conversation uses Unicode's noncharacters (U+FDD0 to U+FDEF), which are for internal use; leave them out.");
        }
    }

    /// <summary>The text with the texts of special tokens hidden.</summary>
    public string Hide(string text)
    {
        var hidden = new StringBuilder(text);
        foreach (var special in _texts)
        {
            for (var i = text.IndexOf(special, StringComparison.Ordinal); i >= 0; i = text.IndexOf(special, i + 1, StringComparison.Ordinal))
            {
                hidden[i] = _hidden[special[0]];
            }
        }

        return hidden.ToString();
    }

    /// <summary>The text as it was.</summary>
    public string Restore(string text)
    {
        foreach (var (character, noncharacter) in _hidden)
        {
            text = text.Replace(noncharacter, character);
        }

        return text;
    }
}
