namespace Rlhf.Tokenization.Jinja;

/// <summary>The tests ("is …") that chat templates use.</summary>
internal static class JinjaTests
{
    private static readonly Dictionary<string, JinjaFunction> _tests = new(StringComparer.Ordinal)
    {
        ["defined"] = call => call.Subject is not Undefined,
        ["undefined"] = call => call.Subject is Undefined,
        ["none"] = call => call.Subject is null,
        ["string"] = call => call.Subject is string,
        ["number"] = call => call.Subject is long or double or bool,
        ["integer"] = call => call.Subject is long,
        ["float"] = call => call.Subject is double,
        ["boolean"] = call => call.Subject is bool,
        ["true"] = call => call.Subject is true,
        ["false"] = call => call.Subject is false,
        ["mapping"] = call => call.Subject is JinjaMapping,
        ["iterable"] = call => JinjaValues.Items(call.Subject) is not null,
        ["sequence"] = call => JinjaValues.Items(call.Subject) is not null,
        ["callable"] = call => call.Subject is JinjaFunction,
        ["odd"] = call => call.Subject is long number && number % 2 != 0,
        ["even"] = call => call.Subject is long number && number % 2 == 0,
        ["divisibleby"] = call => call.Subject is long number && JinjaOperators.Compute("%", number, call.NumberArgument(1, "num"), call.Context, call.Line) is 0L,
        ["in"] = call => JinjaOperators.Holds("in", call.Subject, call.Argument(1, "seq"), call.Context, call.Line),
        ["eq"] = IsEqual,
        ["equalto"] = IsEqual,
        ["ne"] = call => IsEqual(call) is false,
    };

    /// <exception cref="InvalidDataException">There is no such test here.</exception>
    public static JinjaFunction Find(string name, int line) =>
        _tests.GetValueOrDefault(name is "==" ? "eq" : name is "!=" ? "ne" : name) ?? throw JinjaErrors.In(line, $"the test \"{name}\" is not supported");

    private static object? IsEqual(JinjaCall call) => JinjaValues.AreEqual(call.Subject, call.Argument(1, "other"), call.Context);
}
