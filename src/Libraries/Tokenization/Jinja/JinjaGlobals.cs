namespace Rlhf.Tokenization.Jinja;

/// <summary>
/// The functions that every template has. The current date is not among them: a conversation must give the same tokens
/// tomorrow, and templates that ask for it ("strftime_now is defined") have a date to fall back on.
/// </summary>
internal static class JinjaGlobals
{
    public static IReadOnlyDictionary<string, JinjaFunction> Functions { get; } = new Dictionary<string, JinjaFunction>(StringComparer.Ordinal)
    {
        ["namespace"] = Namespace,
        ["dict"] = call => Filled(new JinjaMapping(), call),
        ["range"] = Range,
        ["raise_exception"] = call => throw new ArgumentException($"The model's chat template refuses this conversation: {call.TextArgument(0, "message")}"),
    };

    private static JinjaMapping Namespace(JinjaCall call) => Filled(new JinjaMapping { IsNamespace = true }, call);

    private static JinjaMapping Filled(JinjaMapping mapping, JinjaCall call)
    {
        foreach (var (name, value) in call.Named)
        {
            mapping[name] = value;
        }

        return mapping;
    }

    private static object? Range(JinjaCall call)
    {
        var (from, to) = call.Values.Count > 1 ? (call.NumberArgument(0, "start"), call.NumberArgument(1, "stop")) : (0, call.NumberArgument(0, "stop"));
        var step = call.NumberArgument(2, "step", 1);
        if (step == 0 || Math.Abs((double)to - from) > int.MaxValue)
        {
            throw call.Error("a \"range\" has a step of 0 or too many numbers");
        }

        var numbers = new List<object?>();
        for (var number = from; step > 0 ? number < to : number > to; number += step)
        {
            call.Context.Charge();
            numbers.Add(number);
        }

        return numbers;
    }
}
