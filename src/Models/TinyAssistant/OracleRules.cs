using System.Text.RegularExpressions;

namespace Rlhf.TinyAssistant;

/// <summary>The oracle's own lexicon, world/oracle.json: it shares the world's nouns, and none of the corpus's phrases.</summary>
internal sealed record OracleRules
{
    /// <summary>Pattern of words that refuse.</summary>
    public required string Refusal { get; init; }

    /// <summary>Pattern of words that lead elsewhere.</summary>
    public required string Redirect { get; init; }

    /// <summary>Pattern of words that give leave.</summary>
    public required string Leave { get; init; }

    /// <summary>Pattern of harmful purposes.</summary>
    public required string Malign { get; init; }

    /// <summary>Most specific first: the first that matches counts.</summary>
    public required IReadOnlyList<OracleKind> Kinds { get; init; }

    public static Regex Compile(string pattern) => new(pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
}
