using static TorchSharp.torch;

namespace Rlhf.LanguageModels;

/// <summary>Sequences of token ids as one tensor, padded on the right.</summary>
public sealed class TokenBatch : IDisposable
{
    /// <summary>Pads the sequences to the longest.</summary>
    /// <exception cref="ArgumentException">There are no sequences, or one is empty.</exception>
    public TokenBatch(IReadOnlyList<int[]> sequences, Device? device = null)
    {
        if (sequences.Count == 0 || sequences.Any(s => s.Length == 0))
        {
            throw new ArgumentException("A batch needs at least one sequence, and a sequence at least one token.", nameof(sequences));
        }

        Lengths = [.. sequences.Select(s => s.Length)];
        var longest = Lengths.Max();
        var ids = new long[sequences.Count * longest];
        for (var row = 0; row < sequences.Count; row++)
        {
            for (var column = 0; column < sequences[row].Length; column++)
            {
                ids[(row * longest) + column] = sequences[row][column];
            }
        }

        using var scope = NewDisposeScope();
        Ids = tensor(ids, sequences.Count, longest).to(device ?? CPU).DetachFromDisposeScope();
    }

    /// <summary>[B, S] int64.</summary>
    public Tensor Ids { get; }

    /// <summary>Tokens of each row.</summary>
    public IReadOnlyList<int> Lengths { get; }

    /// <summary>The value at each row's last token: [B, S, C] to [B, C].</summary>
    public Tensor LastOf(Tensor perToken)
    {
        var longest = Ids.shape[1];
        var rows = Lengths.Select((length, row) => (row * longest) + length - 1).ToArray();
        return perToken.flatten(0, 1).index_select(0, tensor(rows).to(Ids.device)); // [B, C]
    }

    /// <summary>The mean of the values at each row's last tokens: [B, S, C] to [B, C].</summary>
    /// <param name="perToken">[B, S, C], finite at the padding too.</param>
    /// <param name="tokens">How many of them, 1 or more; a shorter row gives all of its own.</param>
    public Tensor MeanOfLast(Tensor perToken, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        if (tokens == 1)
        {
            return LastOf(perToken);
        }

        using var scope = NewDisposeScope();
        var longest = (int)Ids.shape[1];
        var shares = new float[Lengths.Count * longest];
        foreach (var (row, length) in Lengths.Index())
        {
            var pooled = Math.Min(tokens, length);
            shares.AsSpan((row * longest) + length - pooled, pooled).Fill(1f / pooled);
        }

        var weights = tensor(shares, Lengths.Count, 1, longest).to(perToken.dtype).to(perToken.device); // [B, 1, S]
        return weights.matmul(perToken).squeeze(1).MoveToOuterDisposeScope(); // [B, C]
    }

    /// <inheritdoc/>
    public void Dispose() => Ids.Dispose();
}
