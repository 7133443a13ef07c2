namespace Rlhf.Tokenization.Jinja;

/// <summary>What operators do with values.</summary>
internal static class JinjaOperators
{
    /// <exception cref="InvalidDataException">The values have no such operation.</exception>
    public static bool Holds(string name, object? left, object? right, RenderContext context, int line) => name switch
    {
        "==" => JinjaValues.AreEqual(left, right, context),
        "!=" => !JinjaValues.AreEqual(left, right, context),
        "in" => Contains(right, left, context, line),
        "not in" => !Contains(right, left, context, line),
        _ => Order(left, right, name, line) is var order && name switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        },
    };

    /// <exception cref="InvalidDataException">The values have no such operation.</exception>
    public static object? Compute(string name, object? left, object? right, RenderContext context, int line) => (name, left, right) switch
    {
        ("~", _, _) => Concatenated(JinjaValues.Text(left, context), JinjaValues.Text(right, context), context),
        ("+", string a, string b) => Concatenated(a, b, context),
        ("+", List<object?> a, List<object?> b) => Joined(a, b, context),
        ("*", string a, long b) => Repeated(a, b, context),
        ("//" or "%", long, 0L) or ("/", _, 0L) => throw JinjaErrors.In(line, "a division by zero"),
        ("+", long a, long b) => unchecked(a + b),
        ("-", long a, long b) => unchecked(a - b),
        ("*", long a, long b) => unchecked(a * b),
        ("//", long a, long b) => b == -1 ? unchecked(-a) : (a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0),
        ("%", long a, long b) => b == -1 ? 0 : ((a % b) + b) % b,
        _ when left is not bool && right is not bool && JinjaValues.Number(left) is { } a && JinjaValues.Number(right) is { } b => name switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            "//" => Math.Floor(a / b),
            _ => a - (Math.Floor(a / b) * b),
        },
        _ => throw JinjaErrors.In(line, $"\"{name}\" is used on {JinjaValues.TypeName(left)} and {JinjaValues.TypeName(right)}"),
    };

    private static string Concatenated(string a, string b, RenderContext context)
    {
        context.Charge((long)a.Length + b.Length);
        return a + b;
    }

    private static List<object?> Joined(List<object?> a, List<object?> b, RenderContext context)
    {
        context.Charge((long)a.Count + b.Count);
        return [.. a, .. b];
    }

    private static string Repeated(string text, long times, RenderContext context)
    {
        times = Math.Clamp(times, 0, int.MaxValue);
        context.Charge(text.Length * times);
        return text.Length == 0 ? "" : string.Concat(Enumerable.Repeat(text, (int)times));
    }

    private static bool Contains(object? container, object? item, RenderContext context, int line)
    {
        switch (container)
        {
            case string text:
                context.Charge(text.Length);
                return item is string part ? text.Contains(part, StringComparison.Ordinal) : throw JinjaErrors.In(line, $"{JinjaValues.TypeName(item)} is looked for in a string");
            case JinjaMapping mapping:
                return item is string name && mapping.ContainsKey(name);
            case List<object?> list:
                return list.Any(other => JinjaValues.AreEqual(other, item, context));
            case Undefined:
                return false;
            default:
                throw JinjaErrors.In(line, $"something is looked for in {JinjaValues.TypeName(container)}");
        }
    }

    private static int Order(object? left, object? right, string name, int line) => (left, right) switch
    {
        (string a, string b) => string.CompareOrdinal(a, b),
        _ when JinjaValues.Number(left) is { } a && JinjaValues.Number(right) is { } b => a.CompareTo(b),
        _ => throw JinjaErrors.In(line, $"\"{name}\" compares {JinjaValues.TypeName(left)} with {JinjaValues.TypeName(right)}"),
    };
}
