using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Stages;

/// <summary>Two answers to be compared.</summary>
/// <param name="A">Which of the two is A is drawn: it must say nothing about where the answers come from.</param>
/// <param name="B">The other.</param>
/// <param name="Rank">0 for a prompt's first pair, 1 for its second, and so on.</param>
internal sealed record PairPlan(ResponseRow A, ResponseRow B, int Rank)
{
    /// <summary>Names the pair within its stage.</summary>
    public string Item => $"{WithoutRun(A)}-{WithoutRun(B)}";

    /// <summary>
    /// Every pair of different texts, the first pairs of all prompts before the second ones, so that any number of them is
    /// spread evenly.
    /// </summary>
    /// <param name="responses">Answers of one stage.</param>
    /// <param name="seedFor">The seed for a purpose.</param>
    public static IEnumerable<PairPlan> Of(IEnumerable<ResponseRow> responses, Func<string, long> seedFor) =>
        responses.GroupBy(response => response.PromptId)
            .SelectMany(prompt =>
            {
                var distinct = prompt.DistinctBy(response => response.Text).ToList();
                return distinct.SelectMany((first, index) => distinct.Skip(index + 1).Select(second => (A: first, B: second)))
                    .OrderBy(pair => seedFor($"pair/{WithoutRun(pair.A)}/{WithoutRun(pair.B)}"))
                    .Select((pair, rank) => new PairPlan(pair.A, pair.B, rank));
            })
            .OrderBy(pair => pair.Rank)
            .ThenBy(pair => seedFor($"turn/{WithoutRun(pair.A)}"))
            .Select(pair => seedFor($"side/{WithoutRun(pair.A)}/{WithoutRun(pair.B)}") % 2 == 0
                ? pair
                : new PairPlan(pair.B, pair.A, pair.Rank));

    // Response ids begin with the run's; what is drawn must not depend on it.
    private static string WithoutRun(ResponseRow response) => response.ResponseId[(response.RunId.Length + response.Stage.Length + 2)..];
}
