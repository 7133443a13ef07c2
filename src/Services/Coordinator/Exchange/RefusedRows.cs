using System.Text.Json.Serialization;

namespace Rlhf.Coordinator.Exchange;

/// <summary>Rows of a file that were refused for one reason.</summary>
/// <param name="Reason">A short name, such as "identical_responses".</param>
/// <param name="Count">All of them.</param>
/// <param name="Lines">Where the first thousand are, from 1.</param>
/// <param name="Explanation">What is wrong with the first.</param>
internal sealed record RefusedRows(string Reason, int Count, IReadOnlyList<int> Lines, string Explanation)
{
    private const int LinesSaid = 5;

    /// <summary>The first lines, for a sentence: "line 3", "lines 3, 9, …".</summary>
    [JsonIgnore]
    public string Where => $"{(Count == 1 ? "line" : "lines")} {string.Join(", ", Lines.Take(LinesSaid))}{(Count > LinesSaid ? ", …" : "")}";

    /// <summary>"2 identical_responses (lines 3, 9)".</summary>
    [JsonIgnore]
    public string Summary => $"{Count} {Reason} ({Where})";
}
