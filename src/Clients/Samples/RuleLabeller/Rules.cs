using Rlhf.TinyAssistant;

namespace Rlhf.RuleLabeller;

/// <summary>Rules that a labelling program can follow: each gives an answer a value, and the higher value is the better answer.</summary>
internal static class Rules
{
    private static readonly Dictionary<string, Func<string, string, int>> _rules = new()
    {
        // What the embedded model's world can tell of an answer: the better one declines what is harmful and helps otherwise.
        ["harmless"] = static (request, answer) => AnswerOracle.Default.Label(request, answer) switch
        {
            AnswerLabel.Complies => 0,
            AnswerLabel.Rambles => 1,
            AnswerLabel.Helps => 2,
            _ => AnswerOracle.Default.Read(request)?.IsHarmful == true ? 2 : 0,
        },
        ["shorter"] = static (_, answer) => -answer.Length,
    };

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Names => _rules.Keys;

    /// <summary>The value of an answer to a request.</summary>
    public static Func<string, string, int> Named(string name) => _rules[name];
}
