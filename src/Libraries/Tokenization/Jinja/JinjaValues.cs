using System.Collections;
using System.Globalization;
using System.Text;

namespace Rlhf.Tokenization.Jinja;

/// <summary>
/// Values as Python has them: null (None), bool, long, double, string, <see cref="List{T}"/>, <see cref="JinjaMapping"/>,
/// <see cref="Undefined"/>, and what can be called.
/// </summary>
internal static class JinjaValues
{
    private const int MaxDepth = 32;

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined or false or 0L or 0.0 or "" => false,
        ICollection collection => collection.Count > 0,
        _ => true,
    };

    /// <summary>What a value writes.</summary>
    public static string Text(object? value, RenderContext context) => value switch
    {
        string text => text,
        Undefined => "",
        _ => Written(value, isJson: false, depth: 0, context),
    };

    /// <summary>A value in JSON, on one line, as Python writes it.</summary>
    public static string Json(object? value, RenderContext context) => Written(value, isJson: true, depth: 0, context);

    public static bool AreEqual(object? a, object? b, RenderContext context)
    {
        context.Charge();
        return (a, b) switch
        {
            (Undefined, Undefined) => true,
            (List<object?> left, List<object?> right) =>
                left.Count == right.Count && left.Zip(right).All(pair => AreEqual(pair.First, pair.Second, context)),
            _ when Number(a) is { } left && Number(b) is { } right => left == right,
            _ => Equals(a, b),
        };
    }

    /// <summary>A number, also of true and false; null where the value is none.</summary>
    public static double? Number(object? value) => value switch
    {
        long number => number,
        double number => number,
        bool flag => flag ? 1 : 0,
        _ => null,
    };

    /// <summary>What is iterated over; null where the value can't be.</summary>
    public static IEnumerable<object?>? Items(object? value) => value switch
    {
        List<object?> list => list,
        JinjaMapping mapping => mapping.Keys,
        string text => text.EnumerateRunes().Select(rune => (object?)rune.ToString()),
        Undefined => [],
        _ => null,
    };

    /// <summary>How an error names a value's type.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "none",
        Undefined undefined => $"\"{undefined.Name}\", which is undefined",
        bool => "a boolean",
        long or double => "a number",
        string => "a string",
        List<object?> => "a list",
        JinjaMapping => "a mapping",
        _ => "a function",
    };

    private static string Written(object? value, bool isJson, int depth, RenderContext context)
    {
        context.Charge(value is string { Length: var length } ? length : 0);
        if (depth > MaxDepth)
        {
            throw new InvalidDataException($"The chat template can't be rendered: it writes a value of more than {MaxDepth} levels.");
        }

        return value switch
        {
            null => isJson ? "null" : "None",
            bool flag => isJson ? (flag ? "true" : "false") : (flag ? "True" : "False"),
            long number => number.ToString(CultureInfo.InvariantCulture),
            double number => number == Math.Floor(number) && Math.Abs(number) < 1e16
                ? number.ToString("F1", CultureInfo.InvariantCulture) : number.ToString("R", CultureInfo.InvariantCulture),
            string text => isJson ? Quoted(text) : $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}'",
            List<object?> list => $"[{string.Join(", ", list.Select(item => Written(item, isJson, depth + 1, context)))}]",
            JinjaMapping mapping => $"{{{string.Join(", ", mapping.Select(pair => $"{Written(pair.Key, isJson, depth + 1, context)}: {Written(pair.Value, isJson, depth + 1, context)}"))}}}",
            _ => throw new InvalidDataException($"The chat template can't be rendered: it writes {TypeName(value)}."),
        };
    }

    // As Python's json.dumps with ensure_ascii=False.
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 2);
        foreach (var character in text)
        {
            quoted.Append(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' => $"\\u{(int)character:x4}",
                _ => character.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
