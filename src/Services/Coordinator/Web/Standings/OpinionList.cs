using Rlhf.Coordinator.Agreement;
using Rlhf.Coordinator.Exchange;
using Rlhf.Coordinator.Ratings;

namespace Rlhf.Coordinator.Web.Standings;

/// <summary>Who said what of which pair of answers, of hundreds of thousands of comparisons in little memory.</summary>
internal sealed class OpinionList
{
    /// <summary>Stands before a judge's version: no person's name has a space.</summary>
    public const string Judge = "judge ";

    // The numbers of a pair's answers are near each other: packed into one long, thousands of pairs would have the same hash.
    private readonly List<((int, int) Pair, Opinion Opinion)> _opinions = [];

    // Each name once, not once a comparison.
    private readonly Dictionary<string, string> _names = [];

    /// <summary>All of them, in the order in which they came.</summary>
    public IReadOnlyList<((int, int) Pair, Opinion Opinion)> All => _opinions;

    /// <summary>Adds what a comparison says; one that was imported says nothing of a rater.</summary>
    /// <param name="a">Number of answer A.</param>
    /// <param name="b">Number of answer B.</param>
    /// <param name="preferenceA">Probability that A is better.</param>
    /// <param name="labeller">The person who compared; null for a judge.</param>
    /// <param name="judge">The judge's version; null for a person.</param>
    /// <param name="principle">What the judge judged by.</param>
    public void Add(int a, int b, double preferenceA, string? labeller, string? judge, string? principle)
    {
        if (labeller is null && (judge is null || judge.StartsWith(ImportedRows.Source, StringComparison.Ordinal)))
        {
            return;
        }

        // Whichever of the two was called A, it is one pair.
        var pair = a < b ? (a, b) : (b, a);
        var opinion = new Opinion(
            Once(labeller ?? Judge + judge), labeller is not null, Choices.Of(a < b ? preferenceA : 1 - preferenceA), principle is null ? null : Once(principle));
        _opinions.Add((pair, opinion));
    }

    private string Once(string name)
    {
        if (!_names.TryGetValue(name, out var known))
        {
            _names[name] = known = name;
        }

        return known;
    }
}
