using System.Text.RegularExpressions;

namespace Rlhf.Tokenization.Files;

/// <summary>Reads regular expressions, which tokenizer.json writes in Oniguruma's dialect.</summary>
internal static class PatternReader
{
    // What .NET would take for something else. What it doesn't know at all, it refuses by itself.
    private static readonly (string Text, string Name)[] _otherwiseInDotNet =
    [
        ("&&", "an intersection of character classes"), ("[[:", "a POSIX character class"), ("-[", "a character class within another"),
    ];

    /// <exception cref="InvalidDataException">The expression is malformed, or means something else to .NET.</exception>
    public static string Regex(JsonField field)
    {
        var pattern = field.Text();
        foreach (var (text, name) in _otherwiseInDotNet)
        {
            if (pattern.Contains(text, StringComparison.Ordinal))
            {
                throw field.Unsupported($"{name} (\"{text}\") in a regular expression");
            }
        }

        if (pattern.Any(char.IsSurrogate))
        {
            throw field.Unsupported("a character beyond U+FFFF in a regular expression");
        }

        try
        {
            _ = new Regex(pattern, RegexOptions.CultureInvariant);
            return pattern;
        }
        catch (RegexParseException e)
        {
            throw new InvalidDataException(field.Unsupported($"a regular expression of another dialect ({e.Error})").Message, e);
        }
    }
}
