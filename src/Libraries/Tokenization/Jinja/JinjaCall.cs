namespace Rlhf.Tokenization.Jinja;

/// <summary>What a function is called with. For a filter, a test or a method the first value is what it is applied to.</summary>
internal sealed record JinjaCall(RenderContext Context, int Line, IReadOnlyList<object?> Values, IReadOnlyDictionary<string, object?> Named)
{
    public object? Subject => Values.Count > 0 ? Values[0] : throw Error("a function needs an argument");

    /// <summary>The subject as a text.</summary>
    public string Text => Subject is string text ? text
        : Subject is Undefined or List<object?> or JinjaMapping or JinjaFunction ? throw Error($"{JinjaValues.TypeName(Subject)} is used as a string") : JinjaValues.Text(Subject, Context);

    /// <summary>The subject's items.</summary>
    public List<object?> Items
    {
        get
        {
            var items = JinjaValues.Items(Subject)?.ToList() ?? throw Error($"{JinjaValues.TypeName(Subject)} is used as a list");
            Context.Charge(items.Count);
            return items;
        }
    }

    public bool Has(int index, string name) => Values.Count > index || Named.ContainsKey(name);

    /// <summary>An argument by place or name; undefined where it is not given.</summary>
    public object? Argument(int index, string name) => Values.Count > index ? Values[index] : Named.GetValueOrDefault(name, new Undefined(name));

    public string TextArgument(int index, string name, string? otherwise = null) => Argument(index, name) switch
    {
        string text => text,
        Undefined when otherwise is not null => otherwise,
        var other => throw Error($"{JinjaValues.TypeName(other)} is given where a string is needed"),
    };

    public long NumberArgument(int index, string name, long? otherwise = null) => Argument(index, name) switch
    {
        long number => number,
        Undefined when otherwise is { } value => value,
        var other => throw Error($"{JinjaValues.TypeName(other)} is given where a whole number is needed"),
    };

    public InvalidDataException Error(string what) => JinjaErrors.In(Line, what);
}
