using System.Security.Cryptography;
using System.Text;

namespace Rlhf.TinyAssistant;

/// <summary>The small world: all goals, and which part of the content each belongs to.</summary>
public sealed class World
{
    // Of each class, shares of nouns that only one sort of prompt asks about; the corpus has them too, with what other goals
    // do to them. Then, of each kind, the share of the goals over these nouns that the corpus does without.
    private const double EvaluationNounShare = .3;
    private const double TrainingNounShare = .3;
    private const double PromptGoalShare = .6;

    private readonly Dictionary<ContentPart, IReadOnlyList<Goal>> goals;
    private readonly HashSet<string> uncounted;

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
        uncounted = data.Nouns.Values.SelectMany(Words).Where(word => word.StartsWith('~')).Select(word => word[1..]).ToHashSet();
        Nouns["person"] = [.. People, .. Kin];
        var all =
            from kind in data.Kinds
            from nounClass in kind.Classes
            from noun in Nouns[nounClass]
            select new Goal(kind, nounClass, noun, IsCounted(noun));
        var partOfNoun = PartOfNouns();
        var split = all.GroupBy(goal => (goal.Kind, goal.NounClass, Part: partOfNoun[goal.Noun]))
            .SelectMany(group => InHashOrder(group, goal => goal.Key)
                .Select((goal, i) => (Goal: goal, Part: i < group.Count() * PromptGoalShare ? group.Key.Part : ContentPart.Corpus)));
        goals = split.GroupBy(entry => entry.Part, entry => entry.Goal).ToDictionary(group => group.Key, group => (IReadOnlyList<Goal>)[.. group]);
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

    /// <summary>Whether the noun takes "a" or "an".</summary>
    public bool IsCounted(string noun) => !uncounted.Contains(noun);

    /// <summary>The goals of a part; the three parts share none.</summary>
    public IReadOnlyList<Goal> Goals(ContentPart part) => goals[part];

    /// <summary>Who asks about which noun; a noun of two classes counts with the first.</summary>
    private Dictionary<string, ContentPart> PartOfNouns()
    {
        var parts = new Dictionary<string, ContentPart>();
        foreach (var nouns in Nouns.Values)
        {
            foreach (var (i, noun) in InHashOrder(nouns, noun => noun).Index())
            {
                var rank = (double)i / nouns.Count;
                parts.TryAdd(noun, rank < EvaluationNounShare ? ContentPart.Evaluation
                    : rank < EvaluationNounShare + TrainingNounShare ? ContentPart.Training
                    : ContentPart.Corpus);
            }
        }

        return parts;
    }

    // Neither by the order in the file nor by chance: one more word moves hardly any other.
    private static IEnumerable<T> InHashOrder<T>(IEnumerable<T> items, Func<T, string> text) =>
        items.OrderBy(item => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text(item)))), StringComparer.Ordinal);

    private static string[] Words(string list) => list.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
