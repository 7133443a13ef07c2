namespace Rlhf.Tokenization.Jinja;

/// <summary>Text as it is.</summary>
internal sealed record WriteText(string Text) : JinjaStatement
{
    protected override Flow Execute(RenderContext context)
    {
        context.Write(Text);
        return Flow.Next;
    }
}

/// <summary>{{ a }}.</summary>
internal sealed record WriteValue(JinjaExpression Expression) : JinjaStatement
{
    protected override Flow Execute(RenderContext context)
    {
        context.Write(Expression.Text(context));
        return Flow.Next;
    }
}

/// <summary>Statements one after another.</summary>
internal sealed record Block(IReadOnlyList<JinjaStatement> Statements) : JinjaStatement
{
    protected override Flow Execute(RenderContext context)
    {
        foreach (var statement in Statements)
        {
            if (statement.Run(context) is var flow && flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }
}

/// <summary>{% if %}, {% elif %}, {% else %}: the first whose condition holds.</summary>
internal sealed record If(IReadOnlyList<(JinjaExpression? Condition, JinjaStatement Body)> Branches) : JinjaStatement
{
    protected override Flow Execute(RenderContext context)
    {
        foreach (var (condition, body) in Branches)
        {
            if (condition is null || condition.IsTrue(context))
            {
                return body.Run(context);
            }
        }

        return Flow.Next;
    }
}

/// <summary>{% for a, b in c if d %}, with an {% else %} for when there is nothing.</summary>
internal sealed record For(
    int Line, IReadOnlyList<string> Names, JinjaExpression Source, JinjaExpression? Condition, JinjaStatement Body, JinjaStatement? Otherwise) : JinjaStatement
{
    protected override Flow Execute(RenderContext context)
    {
        var source = Source.Value(context);
        var items = JinjaValues.Items(source)?.ToList() ?? throw JinjaErrors.In(Line, $"a loop goes over {JinjaValues.TypeName(source)}");
        context.Charge(items.Count);
        items = Condition is null ? items : [.. items.Where(item => IsWanted(item, Condition, context))];
        if (items.Count == 0)
        {
            return Otherwise?.Run(context) ?? Flow.Next;
        }

        for (var i = 0; i < items.Count; i++)
        {
            var round = i;
            var flow = context.InScope(() =>
            {
                Assign(items[round], context);
                context.Set("loop", Loop(items, round));
                return Body.Run(context);
            });
            if (flow == Flow.Break)
            {
                break;
            }
        }

        return Flow.Next;
    }

    private static JinjaMapping Loop(List<object?> items, int i) => new()
    {
        ["index"] = i + 1L,
        ["index0"] = (long)i,
        ["revindex"] = (long)(items.Count - i),
        ["revindex0"] = items.Count - i - 1L,
        ["first"] = i == 0,
        ["last"] = i == items.Count - 1,
        ["length"] = (long)items.Count,
        ["previtem"] = i > 0 ? items[i - 1] : new Undefined("previtem"),
        ["nextitem"] = i + 1 < items.Count ? items[i + 1] : new Undefined("nextitem"),
    };

    private bool IsWanted(object? item, JinjaExpression condition, RenderContext context)
    {
        var isWanted = false;
        context.InScope(() =>
        {
            Assign(item, context);
            isWanted = condition.IsTrue(context);
            return Flow.Next;
        });
        return isWanted;
    }

    private void Assign(object? item, RenderContext context)
    {
        if (Names.Count == 1)
        {
            context.Set(Names[0], item);
            return;
        }

        var parts = JinjaValues.Items(item)?.ToList();
        if (parts?.Count != Names.Count)
        {
            throw JinjaErrors.In(Line, $"{JinjaValues.TypeName(item)} can't be unpacked into {Names.Count} names");
        }

        for (var i = 0; i < parts.Count; i++)
        {
            context.Set(Names[i], parts[i]);
        }
    }
}

/// <summary>{% set a = b %}, or {% set a.b = c %} for a namespace.</summary>
internal sealed record Set(int Line, string Name, string? Member, JinjaExpression Value) : JinjaStatement
{
    protected override Flow Execute(RenderContext context)
    {
        var value = Value.Value(context);
        if (Member is null)
        {
            context.Set(Name, value);
        }
        else if (context.Get(Name) is JinjaMapping { IsNamespace: true } owner)
        {
            owner[Member] = value;
        }
        else
        {
            throw JinjaErrors.In(Line, $"\"{Name}\" is no namespace, so \"{Name}.{Member}\" can't be set");
        }

        return Flow.Next;
    }
}

/// <summary>{% set a %}…{% endset %}: what is written within.</summary>
internal sealed record SetBlock(string Name, JinjaStatement Body) : JinjaStatement
{
    protected override Flow Execute(RenderContext context)
    {
        context.Set(Name, context.Captured(() => context.InScope(() => Body.Run(context))));
        return Flow.Next;
    }
}

/// <summary>{% macro a(b, c=d) %}: a function that gives what is written within.</summary>
internal sealed record Macro(int Line, string Name, IReadOnlyList<(string Name, JinjaExpression? Default)> Parameters, JinjaStatement Body) : JinjaStatement
{
    protected override Flow Execute(RenderContext context)
    {
        context.Set(Name, (JinjaFunction)(call => context.Captured(() => context.InScope(() =>
        {
            Bind(call, context);
            return Body.Run(context);
        }))));
        return Flow.Next;
    }

    private void Bind(JinjaCall call, RenderContext context)
    {
        if (call.Values.Count > Parameters.Count || call.Named.Keys.Any(given => Parameters.All(p => p.Name != given)))
        {
            throw JinjaErrors.In(call.Line, $"the macro \"{Name}\" does not take these arguments");
        }

        foreach (var (i, (name, otherwise)) in Parameters.Index())
        {
            context.Set(name, call.Has(i, name) || otherwise is null ? call.Argument(i, name) : otherwise.Value(context));
        }
    }
}

/// <summary>{% break %} or {% continue %}.</summary>
internal sealed record Jump(Flow Flow) : JinjaStatement
{
    protected override Flow Execute(RenderContext context) => Flow;
}
