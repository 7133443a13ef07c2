using System.Globalization;

namespace Rlhf.Tokenization.Jinja;

/// <summary>The filters that chat templates use.</summary>
internal static class JinjaFilters
{
    private static readonly Dictionary<string, JinjaFunction> _filters = new(StringComparer.Ordinal)
    {
        ["trim"] = call => call.Subject is Undefined ? "" : call.Text.Trim(call.Argument(1, "chars") is string characters ? characters.ToCharArray() : null),
        ["upper"] = call => call.Text.ToUpperInvariant(),
        ["lower"] = call => call.Text.ToLowerInvariant(),
        ["capitalize"] = call => JinjaTexts.Capitalized(call.Text),
        ["title"] = call => JinjaTexts.Title(call.Text),
        ["replace"] = JinjaTexts.Replace,
        ["safe"] = call => call.Subject,
        ["string"] = call => JinjaValues.Text(call.Subject, call.Context),
        ["length"] = Length,
        ["count"] = Length,
        ["default"] = Default,
        ["d"] = Default,
        ["tojson"] = Json,
        ["int"] = Integer,
        ["abs"] = Absolute,
        ["indent"] = Indent,
        ["list"] = call => call.Items,
        ["items"] = call => call.Subject is JinjaMapping mapping ? JinjaTexts.Pairs(mapping) : call.Subject is Undefined ? new List<object?>() : throw call.Error("\"items\" needs a mapping"),
        ["first"] = call => call.Items is [var first, ..] ? first : new Undefined("the first of nothing"),
        ["last"] = call => call.Items is [.., var last] ? last : new Undefined("the last of nothing"),
        ["reverse"] = call => call.Subject is string ? string.Concat(Enumerable.Reverse(call.Items)) : Enumerable.Reverse(call.Items).ToList(),
        ["join"] = call => JinjaTexts.Join(call.Context, Mapped(call, call.Named.GetValueOrDefault("attribute")), call.TextArgument(1, "d", "")),
        ["map"] = Map,
        ["selectattr"] = call => SelectByMember(call, isKept: true),
        ["rejectattr"] = call => SelectByMember(call, isKept: false),
        ["select"] = call => Select(call, isKept: true),
        ["reject"] = call => Select(call, isKept: false),
    };

    /// <exception cref="InvalidDataException">There is no such filter here.</exception>
    public static JinjaFunction Find(string name, int line) =>
        _filters.GetValueOrDefault(name) ?? throw JinjaErrors.In(line, $"the filter \"{name}\" is not supported");

    private static object? Length(JinjaCall call) => call.Subject is string text ? (long)text.EnumerateRunes().Count() : (long)call.Items.Count;

    private static object? Default(JinjaCall call) =>
        call.Subject is Undefined || (JinjaValues.IsTrue(call.Argument(2, "boolean")) && !JinjaValues.IsTrue(call.Subject))
            ? call.Has(1, "default_value") ? call.Argument(1, "default_value") : "" : call.Subject;

    private static object? Json(JinjaCall call) => call.Argument(1, "indent") is Undefined or null && call.Subject is not Undefined
        ? JinjaValues.Json(call.Subject, call.Context)
        : throw call.Error("\"tojson\" of something undefined, or with an indentation, is not supported");

    private static object? Integer(JinjaCall call) => call.Subject switch
    {
        long number => number,
        double number => double.IsFinite(number) && Math.Abs(number) < 1e18 ? (long)number : 0L,
        bool flag => flag ? 1L : 0L,
        string text when long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) => number,
        _ => call.NumberArgument(1, "default", 0),
    };

    private static object? Absolute(JinjaCall call) => call.Subject switch
    {
        long number => (object)(number == long.MinValue ? number : Math.Abs(number)),
        double number => Math.Abs(number),
        _ => throw call.Error("\"abs\" needs a number"),
    };

    private static object? Indent(JinjaCall call)
    {
        var width = new string(' ', (int)Math.Clamp(call.NumberArgument(1, "width", 4), 0, 100));
        var text = call.Text;
        call.Context.Charge(text.Length + ((long)text.AsSpan().Count('\n') * width.Length));

        // Lines without text are left as they are.
        var lines = text.Split('\n');
        var isFirstToo = JinjaValues.IsTrue(call.Argument(2, "first"));
        return string.Join('\n', lines.Select((line, i) => line.Length > 0 && (i > 0 || isFirstToo) ? width + line : line));
    }

    private static object? Map(JinjaCall call)
    {
        if (call.Named.TryGetValue("attribute", out var attribute))
        {
            return Mapped(call, attribute).ToList();
        }

        var filter = Find(call.TextArgument(1, "filter"), call.Line);
        return call.Items.Select(item => filter(call with { Values = [item, .. call.Values.Skip(2)] })).ToList();
    }

    private static IEnumerable<object?> Mapped(JinjaCall call, object? attribute) => attribute is string name
        ? call.Items.Select(item => item is JinjaMapping mapping && mapping.TryGetValue(name, out var value) ? value : new Undefined(name)) : call.Items;

    private static List<object?> SelectByMember(JinjaCall call, bool isKept)
    {
        var name = call.TextArgument(1, "attribute");
        return [.. call.Items.Where(item => IsKept(call, item is JinjaMapping mapping && mapping.TryGetValue(name, out var value) ? value : new Undefined(name), 2) == isKept)];
    }

    private static List<object?> Select(JinjaCall call, bool isKept) => [.. call.Items.Where(item => IsKept(call, item, 1) == isKept)];

    private static bool IsKept(JinjaCall call, object? value, int testIndex) => call.Values.Count <= testIndex
        ? JinjaValues.IsTrue(value)
        : JinjaTests.Find(call.TextArgument(testIndex, "test"), call.Line)(call with { Values = [value, .. call.Values.Skip(testIndex + 1)] }) is true;
}
