using System.Text.RegularExpressions;

namespace Rlhf.TinyAssistant;

/// <summary>Writes plain sentences about the world.</summary>
internal sealed partial class FactWriter(World world, Chance chance)
{
    public string Write()
    {
        var fact = Slot().Replace(chance.Of(world.Data.Facts), match => chance.Of(Words(match.Value)));
        // "a old apron", "A apron" → "an old apron", "An apron".
        return BareArticle().Replace(fact, "$1n ");
    }

    private IReadOnlyList<string> Words(string slot) => slot switch
    {
        "{P}" => world.People,
        "{K}" => world.Kin,
        "{J}" => world.Adjectives,
        "{T}" => world.Nouns["thing"],
        "{C}" => world.Nouns["clothes"],
        "{F}" => world.Nouns["food"],
        "{R}" => world.Nouns["plant"],
        "{A}" => world.Nouns["animal"],
        "{L}" => world.Nouns["place"],
        "{I}" => world.Nouns["instrument"],
        "{D}" => world.Nouns["paper"],
        _ => throw new InvalidOperationException($"world.json has a fact with the unknown slot {slot}"),
    };

    [GeneratedRegex(@"\{.\}")]
    private static partial Regex Slot();

    [GeneratedRegex(@"\b([Aa]) (?=[aeiou])")]
    private static partial Regex BareArticle();
}
