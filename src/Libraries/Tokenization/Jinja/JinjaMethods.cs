namespace Rlhf.Tokenization.Jinja;

/// <summary>The methods of Python's strings and dictionaries that chat templates call. None changes a value, as in the sandbox that templates are written for.</summary>
internal static class JinjaMethods
{
    private static readonly Dictionary<string, JinjaFunction> _ofString = new(StringComparer.Ordinal)
    {
        ["strip"] = call => Strip(call, start: true, end: true),
        ["lstrip"] = call => Strip(call, start: true, end: false),
        ["rstrip"] = call => Strip(call, start: false, end: true),
        ["startswith"] = call => call.Text.StartsWith(call.TextArgument(1, "prefix"), StringComparison.Ordinal),
        ["endswith"] = call => call.Text.EndsWith(call.TextArgument(1, "suffix"), StringComparison.Ordinal),
        ["upper"] = call => call.Text.ToUpperInvariant(),
        ["lower"] = call => call.Text.ToLowerInvariant(),
        ["title"] = call => JinjaTexts.Title(call.Text),
        ["capitalize"] = call => JinjaTexts.Capitalized(call.Text),
        ["replace"] = JinjaTexts.Replace,
        ["split"] = Split,
        ["join"] = call => JinjaTexts.Join(call.Context, JinjaValues.Items(call.Argument(1, "items")) ?? throw call.Error("\"join\" needs a list"), call.Text),
        ["find"] = call => (long)call.Text.IndexOf(call.TextArgument(1, "text"), StringComparison.Ordinal),
        ["count"] = call => (long)call.Text.Split(call.TextArgument(1, "text")).Length - 1,
    };

    private static readonly Dictionary<string, JinjaFunction> _ofMapping = new(StringComparer.Ordinal)
    {
        ["items"] = call => JinjaTexts.Pairs((JinjaMapping)call.Subject!),
        ["keys"] = call => ((JinjaMapping)call.Subject!).Keys.Select(key => (object?)key).ToList(),
        ["values"] = call => ((JinjaMapping)call.Subject!).Values.ToList(),
        ["get"] = call => ((JinjaMapping)call.Subject!).TryGetValue(call.TextArgument(1, "name"), out var value) ? value
            : call.Has(2, "default") ? call.Argument(2, "default") : null,
    };

    /// <summary>A method of a value; null where it has none of this name.</summary>
    public static JinjaFunction? Find(object owner, string name) => owner switch
    {
        string => _ofString.GetValueOrDefault(name),
        JinjaMapping => _ofMapping.GetValueOrDefault(name),
        _ => null,
    };

    private static string Strip(JinjaCall call, bool start, bool end)
    {
        var characters = call.Argument(1, "chars") is string given ? given.ToCharArray() : null;
        var text = call.Text;
        text = start ? text.TrimStart(characters) : text;
        return end ? text.TrimEnd(characters) : text;
    }

    private static List<object?> Split(JinjaCall call)
    {
        var count = call.NumberArgument(2, "maxsplit", -1) is var limit && limit is >= 0 and < int.MaxValue ? (int)limit + 1 : int.MaxValue;
        call.Context.Charge(call.Text.Length * 8L);
        var parts = call.Argument(1, "sep") is string separator
            ? separator.Length > 0 ? call.Text.Split(separator, count) : throw call.Error("\"split\" needs a separator that is not empty")
            : call.Text.Split((char[]?)null, count, StringSplitOptions.RemoveEmptyEntries);
        return [.. parts];
    }
}
