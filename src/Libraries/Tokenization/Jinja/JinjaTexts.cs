using System.Text;

namespace Rlhf.Tokenization.Jinja;

/// <summary>What filters and methods have in common.</summary>
internal static class JinjaTexts
{
    public static string Capitalized(string text) => text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    /// <summary>Each run of letters with a capital first.</summary>
    public static string Title(string text)
    {
        var titled = new StringBuilder(text.Length);
        var isInside = false;
        foreach (var character in text)
        {
            titled.Append(isInside ? char.ToLowerInvariant(character) : char.ToUpperInvariant(character));
            isInside = char.IsLetter(character);
        }

        return titled.ToString();
    }

    public static object? Replace(JinjaCall call)
    {
        var (text, old, replacement) = (call.Text, call.TextArgument(1, "old"), call.TextArgument(2, "new"));
        if (old.Length == 0)
        {
            throw call.Error("\"replace\" needs a text that is not empty");
        }

        var found = call.NumberArgument(3, "count", -1) < 0 ? (long)text.AsSpan().Count(old) : throw call.Error("\"replace\" with a count is not supported");
        call.Context.Charge(text.Length + (found * replacement.Length));
        return text.Replace(old, replacement, StringComparison.Ordinal);
    }

    public static string Join(RenderContext context, IEnumerable<object?> items, string separator)
    {
        var joined = new StringBuilder();
        var isFirst = true;
        foreach (var item in items)
        {
            var text = JinjaValues.Text(item, context);
            context.Charge(text.Length + separator.Length);
            joined.Append(isFirst ? "" : separator).Append(text);
            isFirst = false;
        }

        return joined.ToString();
    }

    public static List<object?> Pairs(JinjaMapping mapping) => [.. mapping.Select(pair => new List<object?> { pair.Key, pair.Value })];
}
