using System.Security.Cryptography;
using System.Text;

namespace Rlhf.TinyAssistant;

/// <summary>The small world: all goals, and which part of the content each belongs to.</summary>
public sealed class World
{
    // Of 100 hash values: nouns that only evaluation asks about, then goals over the other nouns.
    private const int ReservedNounShare = 10;
    private const int TrainingShare = 20;
    private const int EvaluationShare = 15;

    private readonly Dictionary<ContentPart, IReadOnlyList<Goal>> goals;

    /// <summary>Lays out all goals of the data.</summary>
    public World(WorldData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        Data = data;
        People = Words(data.People);
        Kin = Words(data.Kin);
        Adjectives = Words(data.Adjectives);
        Times = data.Times.Split('|');
        Nouns = data.Nouns.ToDictionary(
            entry => entry.Key, entry => (IReadOnlyList<string>)[.. Words(entry.Value).Select(word => word.TrimStart('~'))]);
        var uncounted = data.Nouns.Values.SelectMany(Words).Where(word => word.StartsWith('~')).Select(word => word[1..]).ToHashSet();
        Nouns["person"] = [.. People, .. Kin];
        var all =
            from kind in data.Kinds
            from nounClass in kind.Classes
            from noun in Nouns[nounClass]
            select new Goal(kind, nounClass, noun, !uncounted.Contains(noun));
        goals = all.GroupBy(PartOf).ToDictionary(group => group.Key, group => (IReadOnlyList<Goal>)[.. group]);
    }

    /// <summary>The world that ships with the library.</summary>
    public static World Default { get; } = new(WorldData.Default);

    /// <summary>Its words and phrases.</summary>
    public WorldData Data { get; }

    /// <summary>Professions.</summary>
    public IReadOnlyList<string> People { get; }

    /// <summary>Relatives and friends of the asker.</summary>
    public IReadOnlyList<string> Kin { get; }

    /// <summary>What may stand before a noun.</summary>
    public IReadOnlyList<string> Adjectives { get; }

    /// <summary>When something is to be done.</summary>
    public IReadOnlyList<string> Times { get; }

    /// <summary>Nouns by class; class "person" holds people and kin.</summary>
    public Dictionary<string, IReadOnlyList<string>> Nouns { get; }

    /// <summary>The goals of a part; the three parts share none.</summary>
    public IReadOnlyList<Goal> Goals(ContentPart part) => goals[part];

    /// <summary>Whether only evaluation asks about this noun; the corpus has it in plain sentences alone.</summary>
    public static bool IsReserved(string noun) => Hash($"noun {noun}") < ReservedNounShare;

    /// <summary>The part that a goal belongs to, by a hash of its words.</summary>
    public static ContentPart PartOf(Goal goal) => (IsReserved(goal.Noun), Hash(goal.Key)) switch
    {
        (true, _) => ContentPart.Evaluation,
        (_, < EvaluationShare) => ContentPart.Evaluation,
        (_, < EvaluationShare + TrainingShare) => ContentPart.Training,
        _ => ContentPart.Corpus,
    };

    private static int Hash(string text) => BitConverter.ToUInt16(SHA256.HashData(Encoding.UTF8.GetBytes(text))) % 100;

    private static string[] Words(string list) => list.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
