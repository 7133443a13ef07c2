namespace Rlhf.Tokenization.Bpe;

/// <summary>
/// Byte-pair encoding of one word (Sennrich et al. 2016, arXiv:1508.07909): of all neighbours the pair of the lowest rank
/// merges, the leftmost of equals. A heap of pairs and a linked list of symbols keep it at O(n log n). For one thread.
/// </summary>
internal sealed class Merger(MergeTable merges)
{
    private const int None = -1;
    private const uint NoRank = uint.MaxValue;
    private const int SmallLinks = 1024;

    // Rank in the upper half, position of the left symbol in the lower one.
    private readonly PriorityQueue<int, ulong> _pairs = new();
    private Link[] _links = new Link[64];

    /// <summary>Whether it has met no long word, and so holds little memory.</summary>
    public bool IsSmall => _links.Length <= SmallLinks;

    /// <summary>Merges in place.</summary>
    /// <param name="symbols">Token ids of single characters or bytes; the result stands at the front.</param>
    /// <returns>How many tokens are left.</returns>
    public int Merge(Span<int> symbols)
    {
        if (symbols.Length < 2)
        {
            return symbols.Length;
        }

        LinkAll(symbols);
        while (_pairs.TryDequeue(out var left, out var key))
        {
            // An entry is stale when one of its symbols was merged meanwhile.
            if (_links[left].Rank == (uint)(key >> 32))
            {
                MergeWithNext(symbols, left);
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

    private void LinkAll(ReadOnlySpan<int> symbols)
    {
        if (_links.Length < symbols.Length)
        {
            _links = new Link[symbols.Length];
        }

        for (var i = 0; i < symbols.Length; i++)
        {
            _links[i] = new Link { Previous = i - 1, Next = i + 1 < symbols.Length ? i + 1 : None };
        }

        for (var i = 0; i < symbols.Length; i++)
        {
            Offer(symbols, i);
        }
    }

    private void MergeWithNext(Span<int> symbols, int left)
    {
        ref var link = ref _links[left];
        var right = link.Next;
        symbols[left] = link.Merged;
        symbols[right] = None;
        _links[right].Rank = NoRank;
        link.Next = _links[right].Next;
        if (link.Next != None)
        {
            _links[link.Next].Previous = left;
        }

        Offer(symbols, left);
        if (link.Previous != None)
        {
            Offer(symbols, link.Previous);
        }
    }

    private void Offer(ReadOnlySpan<int> symbols, int left)
    {
        ref var link = ref _links[left];
        if (link.Next != None && merges.TryGet(symbols[left], symbols[link.Next], out link.Rank, out link.Merged))
        {
            _pairs.Enqueue(left, ((ulong)link.Rank << 32) | (uint)left);
        }
        else
        {
            link.Rank = NoRank;
        }
    }

    /// <summary>A symbol's neighbours, and what becomes of it together with the next one.</summary>
    private struct Link
    {
        public int Previous;
        public int Next;
        public uint Rank;
        public int Merged;
    }
}
