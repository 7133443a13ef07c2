namespace Rlhf.LanguageModels.Transformer;

/// <summary>A sequence's part in a step.</summary>
/// <param name="FirstPosition">Of its rows, which follow each other.</param>
/// <param name="Rows">How many.</param>
/// <param name="FirstPage">Which of the sequence's pages is the first that is still held.</param>
/// <param name="Pages">The held pages' places in the pool, up to that of the last row.</param>
internal sealed record SequenceRows(int FirstPosition, int Rows, int FirstPage, IReadOnlyList<int> Pages);
