using Rlhf.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Sequences that have equally many rows in a step.</summary>
/// <param name="FirstRow">Of the step's rows.</param>
/// <param name="Sequences">B.</param>
/// <param name="Rows">n, of each sequence.</param>
/// <param name="Pages">[B, N] int64, places in the pool.</param>
/// <param name="Hidden">[B, 1, 1, n, S] bool, true where a row has no token to see.</param>
/// <param name="WindowHidden">The same for layers that see a window only.</param>
internal sealed record RowBucket(int FirstRow, int Sequences, int Rows, Tensor Pages, Tensor Hidden, Tensor WindowHidden)
{
    private static readonly Scalar s_zero = 0;

    /// <summary>Lays out pages and masks.</summary>
    /// <param name="sequences">With equally many rows.</param>
    /// <param name="firstRow">Of the step's rows.</param>
    /// <param name="positionsOfPage">Positions a page.</param>
    /// <param name="window">Tokens that layers with a window see; null where none has one.</param>
    /// <param name="device">Where the model is.</param>
    public static RowBucket Of(IReadOnlyList<SequenceRows> sequences, int firstRow, int positionsOfPage, int? window, Device device)
    {
        var (count, rows, most) = (sequences.Count, sequences[0].Rows, sequences.Max(sequence => sequence.Pages.Count));
        var pages = PagedStep.Whole(sequences.SelectMany(sequence =>
            sequence.Pages.Concat(Enumerable.Repeat(KeyValuePool.EmptyPage, most - sequence.Pages.Count)).Select(page => (long)page)), device).view(count, most); // [B, N]
        var starts = PagedStep.Whole(sequences.Select(sequence => (long)sequence.FirstPage * positionsOfPage), device); // [B]
        var firsts = PagedStep.Whole(sequences.Select(sequence => (long)sequence.FirstPosition), device); // [B]
        var columns = starts.unsqueeze(1).Plus(TensorArithmetic.CountTo(most * positionsOfPage, int64, device)); // [B, S]
        var positions = firsts.unsqueeze(1).Plus(TensorArithmetic.CountTo(rows, int64, device)); // [B, n]
        var ages = positions.unsqueeze(2) - columns.unsqueeze(1); // [B, n, S], how many tokens ago
        var hidden = (ages < s_zero).view(count, 1, 1, rows, -1); // [B, 1, 1, n, S]
        var windowHidden = window is { } width ? hidden.logical_or((ages.Minus(width) >= s_zero).view(count, 1, 1, rows, -1)) : hidden; // [B, 1, 1, n, S]
        return new RowBucket(firstRow, count, rows, pages, hidden, windowHidden);
    }
}
