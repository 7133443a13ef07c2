namespace Rlhf.Tokenization.Jinja;

/// <summary>A number, a string, true, false or none.</summary>
internal sealed record Constant(int Line, object? Content) : JinjaExpression(Line)
{
    protected override object? Compute(RenderContext context) => Content;
}

/// <summary>What a name stands for.</summary>
internal sealed record Variable(int Line, string Name) : JinjaExpression(Line)
{
    protected override object? Compute(RenderContext context) => context.Get(Name);
}

/// <summary>[a, b] or (a, b).</summary>
internal sealed record ListOf(int Line, IReadOnlyList<JinjaExpression> Items) : JinjaExpression(Line)
{
    protected override object? Compute(RenderContext context) => Items.Select(item => item.Value(context)).ToList();
}

/// <summary>{'a': b}.</summary>
internal sealed record MappingOf(int Line, IReadOnlyList<(JinjaExpression Key, JinjaExpression Value)> Members) : JinjaExpression(Line)
{
    protected override object? Compute(RenderContext context)
    {
        var mapping = new JinjaMapping();
        foreach (var (key, value) in Members)
        {
            mapping[key.Value(context) as string ?? throw Error("a mapping's names must be strings")] = value.Value(context);
        }

        return mapping;
    }
}

/// <summary>a if b else c.</summary>
internal sealed record Choice(int Line, JinjaExpression Then, JinjaExpression Condition, JinjaExpression? Otherwise) : JinjaExpression(Line)
{
    protected override object? Compute(RenderContext context) => Condition.IsTrue(context) ? Then.Value(context)
        : Otherwise is null ? new Undefined("the value without an else") : Otherwise.Value(context);
}

/// <summary>a and b, or a or b: the value that decided.</summary>
internal sealed record Logical(int Line, bool IsAnd, JinjaExpression Left, JinjaExpression Right) : JinjaExpression(Line)
{
    protected override object? Compute(RenderContext context)
    {
        var left = Left.Value(context);
        return JinjaValues.IsTrue(left) == IsAnd ? Right.Value(context) : left;
    }
}

/// <summary>not a.</summary>
internal sealed record Negation(int Line, JinjaExpression Operand) : JinjaExpression(Line)
{
    protected override object? Compute(RenderContext context) => !Operand.IsTrue(context);
}

/// <summary>a &lt; b &lt;= c: true where all are.</summary>
internal sealed record Comparison(int Line, JinjaExpression First, IReadOnlyList<(string Operator, JinjaExpression Operand)> Rest) : JinjaExpression(Line)
{
    protected override object? Compute(RenderContext context)
    {
        var left = First.Value(context);
        foreach (var (name, operand) in Rest)
        {
            var right = operand.Value(context);
            if (!JinjaOperators.Holds(name, left, right, context, Line))
            {
                return false;
            }

            left = right;
        }

        return true;
    }
}

/// <summary>a + b and the like.</summary>
internal sealed record Arithmetic(int Line, string Operator, JinjaExpression Left, JinjaExpression Right) : JinjaExpression(Line)
{
    protected override object? Compute(RenderContext context) =>
        JinjaOperators.Compute(Operator, Left.Value(context), Right.Value(context), context, Line);
}

/// <summary>a.b or a[b].</summary>
internal sealed record Member(int Line, JinjaExpression Owner, JinjaExpression Key) : JinjaExpression(Line)
{
    protected override object? Compute(RenderContext context)
    {
        var (owner, key) = (Owner.Value(context), Key.Value(context));
        return owner switch
        {
            Undefined or null => throw Error($"{JinjaValues.TypeName(owner)} has no member \"{JinjaValues.Text(key, context)}\""),
            JinjaMapping mapping => key is string name && mapping.TryGetValue(name, out var value) ? value : Missing(key, context),
            List<object?> list => key is long index && Position(index, list.Count) is { } at ? list[at] : Missing(key, context),
            string text => key is long index && Position(index, text.Length) is { } at ? text[at].ToString() : Missing(key, context),
            _ => Missing(key, context),
        };
    }

    private static int? Position(long index, int count) => (index < 0 ? index + count : index) is var at && at >= 0 && at < count ? (int)at : null;

    private static Undefined Missing(object? key, RenderContext context) => new(JinjaValues.Text(key, context));
}

/// <summary>a[b:c:d].</summary>
internal sealed record Slice(int Line, JinjaExpression Owner, JinjaExpression? From, JinjaExpression? To, JinjaExpression? Step) : JinjaExpression(Line)
{
    protected override object? Compute(RenderContext context)
    {
        var owner = Owner.Value(context);
        var items = owner is string text ? [.. text.Select(c => (object?)c.ToString())]
            : owner as List<object?> ?? throw Error($"{JinjaValues.TypeName(owner)} has no parts");
        context.Charge(items.Count);
        var step = Number(Step, context) ?? 1;
        if (step == 0)
        {
            throw Error("the step of a slice is 0");
        }

        var (first, last) = step > 0 ? (0, items.Count) : (items.Count - 1, -1);
        var from = Bound(Number(From, context), items.Count, step) ?? first;
        var to = Bound(Number(To, context), items.Count, step) ?? last;
        var taken = new List<object?>();
        for (var i = from; step > 0 ? i < to : i > to; i += step)
        {
            taken.Add(items[(int)i]);
        }

        return owner is string ? string.Concat(taken) : taken;
    }

    private static long? Bound(long? given, int count, long step) => given is not { } bound ? null
        : Math.Clamp(bound < 0 ? bound + count : bound, step > 0 ? 0 : -1, step > 0 ? count : count - 1);

    // The smallest and largest that any slice needs, so that sums don't overflow.
    private long? Number(JinjaExpression? expression, RenderContext context) => expression?.Value(context) switch
    {
        null => null,
        long number => Math.Clamp(number, int.MinValue, int.MaxValue),
        var other => throw Error($"{JinjaValues.TypeName(other)} can't bound a slice"),
    };
}

/// <summary>a|filter(b), or a is test(b).</summary>
internal sealed record Applied(
    int Line, JinjaExpression Operand, JinjaFunction Function, IReadOnlyList<JinjaExpression> Arguments,
    IReadOnlyList<(string Name, JinjaExpression Value)> Named) : JinjaExpression(Line)
{
    protected override object? Compute(RenderContext context) =>
        Function(new JinjaCall(context, Line, [Operand.Value(context), .. Arguments.Select(a => a.Value(context))], Call.Values(Named, context)));
}

/// <summary>a(b, c=d).</summary>
internal sealed record Call(
    int Line, JinjaExpression Function, IReadOnlyList<JinjaExpression> Arguments, IReadOnlyList<(string Name, JinjaExpression Value)> Named) : JinjaExpression(Line)
{
    public static Dictionary<string, object?> Values(IReadOnlyList<(string Name, JinjaExpression Value)> named, RenderContext context)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in named)
        {
            values[name] = value.Value(context);
        }

        return values;
    }

    protected override object? Compute(RenderContext context)
    {
        if (Function is Member { Key: Constant { Content: string name } } member && member.Owner.Value(context) is { } owner
            && JinjaMethods.Find(owner, name) is { } method)
        {
            return method(Asked(context, [owner]));
        }

        return Function.Value(context) is JinjaFunction function
            ? function(Asked(context, []))
            : throw Error($"there is no function {(Function is Member { Key: Constant { Content: string missing } } ? $"\"{missing}\" of that value" : Function is Variable variable ? $"\"{variable.Name}\"" : "of that name")}");
    }

    private JinjaCall Asked(RenderContext context, object?[] owner) =>
        new(context, Line, [.. owner, .. Arguments.Select(a => a.Value(context))], Values(Named, context));
}
