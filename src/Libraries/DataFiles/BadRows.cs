namespace Rlhf.DataFiles;

/// <summary>The rows of a data file that can't be used: how many for which reason, and in which lines the first of them are.</summary>
public sealed class BadRows
{
    private const int LinesKept = 1000;
    private const int LinesSaid = 5;

    private readonly SortedDictionary<string, Reason> _reasons = new(StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public int Count { get; private set; }

    /// <summary>How many there are for each reason, such as "identical_responses".</summary>
    public IReadOnlyDictionary<string, int> Counts => _reasons.ToDictionary(reason => reason.Key, reason => reason.Value.Count);

    /// <summary>Adds one.</summary>
    /// <param name="line">Where it is, from 1.</param>
    /// <param name="reason">Under which it is counted.</param>
    /// <param name="explanation">What is wrong with it, in a sentence; the first of a reason is kept.</param>
    public void Add(int line, string reason, string explanation)
    {
        if (!_reasons.TryGetValue(reason, out var known))
        {
            _reasons[reason] = known = new Reason(explanation);
        }

        Count++;
        known.Count++;
        if (known.Lines.Count < LinesKept)
        {
            known.Lines.Add(line);
        }
    }

    /// <summary>What is wrong with the first row of a reason, in a sentence.</summary>
    public string ExplanationOf(string reason) => _reasons[reason].Explanation;

    /// <summary>The lines of the first thousand rows of a reason; none where the reason did not occur.</summary>
    public IReadOnlyList<int> LinesOf(string reason) => _reasons.TryGetValue(reason, out var known) ? known.Lines : [];

    /// <summary>One sentence a reason: "2 identical_responses (lines 3, 9): …".</summary>
    public IEnumerable<string> Sentences() => _reasons.Select(reason =>
    {
        var (count, lines) = (reason.Value.Count, reason.Value.Lines.Take(LinesSaid).ToList());
        var more = count > lines.Count ? ", …" : "";
        return $"{count} {reason.Key} ({(count == 1 ? "line" : "lines")} {string.Join(", ", lines)}{more}): {reason.Value.Explanation}";
    });

    private sealed class Reason(string explanation)
    {
        public string Explanation { get; } = explanation;

        public int Count { get; set; }

        public List<int> Lines { get; } = [];
    }
}
