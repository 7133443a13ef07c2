using System.Text.RegularExpressions;

namespace Rlhf.TinyAssistant;

/// <summary>Every word that a request of the world can hold, lower case.</summary>
internal static partial class WorldWords
{
    public static HashSet<string> Of(World world)
    {
        var data = world.Data;
        var kinds = data.Kinds.SelectMany(kind => kind.Verbs.Concat(kind.Indirect).Concat(kind.Malign));
        var phrases = new[] { world.People, world.Kin, world.Adjectives, world.Times, data.Frames, data.Disguises, data.Consents, data.Purposes, kinds }
            .SelectMany(list => list)
            .Concat(world.Nouns.Values.SelectMany(nouns => nouns));
        return [.. phrases.SelectMany(phrase => Word().Matches(Mark().Replace(phrase, " ").ToLowerInvariant()).Select(match => match.Value)),
            "a", "an", "some", "my", "own", "the", "s"];
    }

    [GeneratedRegex("[a-z]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\{.\}")]
    private static partial Regex Mark();
}
