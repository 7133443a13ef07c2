using System.Numerics;

namespace Rlhf.Tokenization.Bpe;

/// <summary>
/// Which two neighbouring tokens merge into which third, and which pair goes first. A hash table of its own, because the
/// lookups are nearly all the time of encoding new words: .NET's dictionary hashes a pair to left XOR right, of which many are the same.
/// </summary>
internal sealed class MergeTable
{
    // No pair has this key: ids are below 2^31.
    private const ulong Empty = ulong.MaxValue;

    private Entry[] _entries = NewEntries(1024);
    private int _shift = 64 - 10;
    private int _count;

    /// <summary>Sets what a pair merges into. Of two entries for one pair the later one counts.</summary>
    /// <param name="rank">Pairs of the lowest rank merge first; below <see cref="uint.MaxValue"/>.</param>
    public void Set(int left, int right, uint rank, int merged)
    {
        if (_count * 2 > _entries.Length)
        {
            Grow();
        }

        Put(new Entry(Pair(left, right), rank, merged));
    }

    /// <summary>Whether the pair merges, and into what.</summary>
    public bool TryGet(int left, int right, out uint rank, out int merged)
    {
        ref readonly var entry = ref _entries[Find(Pair(left, right))];
        (rank, merged) = (entry.Rank, entry.Merged);
        return entry.Pair != Empty;
    }

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private static Entry[] NewEntries(int length)
    {
        var entries = new Entry[length];
        Array.Fill(entries, new Entry(Empty, 0, 0));
        return entries;
    }

    // Multiplicative hashing (Knuth, The Art of Computer Programming 3, 6.4) and linear probing.
    private int Find(ulong pair)
    {
        var index = (int)((pair * 0x9E3779B97F4A7C15UL) >> _shift);
        while (_entries[index].Pair != pair && _entries[index].Pair != Empty)
        {
            index = (index + 1) & (_entries.Length - 1);
        }

        return index;
    }

    private void Put(Entry entry)
    {
        ref var place = ref _entries[Find(entry.Pair)];
        _count += place.Pair == Empty ? 1 : 0;
        place = entry;
    }

    private void Grow()
    {
        var entries = _entries;
        _entries = NewEntries(entries.Length * 2);
        _shift = 64 - BitOperations.Log2((uint)_entries.Length);
        _count = 0;
        foreach (var entry in entries.Where(entry => entry.Pair != Empty))
        {
            Put(entry);
        }
    }

    private readonly record struct Entry(ulong Pair, uint Rank, int Merged);
}
