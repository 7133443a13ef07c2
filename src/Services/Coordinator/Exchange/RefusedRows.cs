namespace Rlhf.Coordinator.Exchange;

/// <summary>Rows of a file that were refused for one reason.</summary>
/// <param name="Reason">A short name, such as "identical_responses".</param>
/// <param name="Count">All of them.</param>
/// <param name="Lines">Where the first thousand are, from 1.</param>
/// <param name="Explanation">What is wrong with the first.</param>
internal sealed record RefusedRows(string Reason, int Count, IReadOnlyList<int> Lines, string Explanation);
