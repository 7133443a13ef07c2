namespace Rlhf.TinyAssistant;

/// <summary>Small grammar.</summary>
internal static class Phrases
{
    /// <summary>Fills the marks of a phrase; see <see cref="WorldKind"/>. {v}, {q} and {t} stay.</summary>
    public static string Fill(string phrase, string asNamed, string noun, string person)
    {
        // A person who is the object is "the miller", also where "the {O}" would double the article.
        var isPerson = person.EndsWith($" {noun}", StringComparison.Ordinal);
        return phrase
            .Replace("the {O}", isPerson ? person : $"the {noun}", StringComparison.Ordinal)
            .Replace("a {O}", isPerson ? person : WithArticle(noun), StringComparison.Ordinal)
            .Replace("{O}", noun, StringComparison.Ordinal)
            .Replace("{o}", isPerson ? person : $"the {noun}", StringComparison.Ordinal)
            .Replace("{n}", asNamed, StringComparison.Ordinal)
            .Replace("{w}", person, StringComparison.Ordinal);
    }

    public static string WithArticle(string words) => ("aeiou".Contains(words[0], StringComparison.Ordinal) ? "an " : "a ") + words;

    public static string Capitalise(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}
