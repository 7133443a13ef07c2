namespace Rlhf.Tokenization.Bpe;

/// <summary>
/// Byte-pair encoding of one word (Sennrich et al. 2016, arXiv:1508.07909): of all neighbours the pair of the lowest rank
/// merges, the leftmost of equals. A heap of pairs and a linked list of symbols keep it at O(n log n). For one thread.
/// </summary>
internal sealed class Merger(MergeTable merges)
{
    private const int None = -1;

    // Rank in the upper half, position of the left symbol in the lower one.
    private readonly PriorityQueue<int, ulong> _pairs = new();
    private int[] _previous = [];
    private int[] _next = [];

    /// <summary>Merges in place.</summary>
    /// <param name="symbols">Token ids of single characters or bytes; the result stands at the front.</param>
    /// <returns>How many tokens are left.</returns>
    public int Merge(Span<int> symbols)
    {
        if (symbols.Length < 2)
        {
            return symbols.Length;
        }

        Link(symbols.Length);
        for (var i = 0; i + 1 < symbols.Length; i++)
        {
            Offer(symbols, i);
        }

        while (_pairs.TryDequeue(out var left, out var key))
        {
            // An entry goes stale when one of its symbols was merged meanwhile.
            var right = _next[left];
            if (symbols[left] == None || right == None
                || !merges.TryGet(symbols[left], symbols[right], out var rank, out var merged) || rank != (uint)(key >> 32))
            {
                continue;
            }

            symbols[left] = merged;
            symbols[right] = None;
            Unlink(right);
            Offer(symbols, left);
            if (_previous[left] != None)
            {
                Offer(symbols, _previous[left]);
            }
        }

        return Compact(symbols);
    }

    private static int Compact(Span<int> symbols)
    {
        var count = 0;
        foreach (var symbol in symbols)
        {
            if (symbol != None)
            {
                symbols[count++] = symbol;
            }
        }

        return count;
    }

    private void Link(int length)
    {
        if (_next.Length < length)
        {
            var capacity = Math.Max(length, 64);
            (_previous, _next) = (new int[capacity], new int[capacity]);
        }

        for (var i = 0; i < length; i++)
        {
            (_previous[i], _next[i]) = (i - 1, i + 1 < length ? i + 1 : None);
        }
    }

    private void Unlink(int symbol)
    {
        var (previous, next) = (_previous[symbol], _next[symbol]);
        _next[previous] = next;
        if (next != None)
        {
            _previous[next] = previous;
        }
    }

    private void Offer(ReadOnlySpan<int> symbols, int left)
    {
        if (_next[left] != None && merges.TryGet(symbols[left], symbols[_next[left]], out var rank, out _))
        {
            _pairs.Enqueue(left, ((ulong)rank << 32) | (uint)left);
        }
    }
}
