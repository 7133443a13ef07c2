using System.Buffers;
using System.Collections.Concurrent;

namespace Rlhf.Tokenization.Bpe;

/// <summary>Words to token ids. Any thread may ask; words are remembered.</summary>
/// <param name="tokenOfWholeWord">Whether a word that is in the vocabulary as a whole is that token, whatever the merges give ("ignore_merges").</param>
internal sealed class BpeModel(Alphabet alphabet, MergeTable merges, bool tokenOfWholeWord)
{
    private const int MaxRememberedWords = 65_536;
    private const int MaxRememberedLength = 32;

    private readonly ConcurrentDictionary<string, int[]> _remembered = new(StringComparer.Ordinal);
    private int _rememberedCount;

    /// <summary>Room to work in, for one thread.</summary>
    public Merger NewMerger() => new(merges);

    /// <summary>Adds the ids of a word, of which nothing merges with what stands beside it.</summary>
    public void Encode(ReadOnlySpan<char> word, Merger merger, List<int> ids)
    {
        if (word.Length > MaxRememberedLength)
        {
            EncodeAnew(word, merger, ids);
            return;
        }

        var lookup = _remembered.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(word, out var known))
        {
            ids.AddRange(known.AsSpan());
            return;
        }

        var start = ids.Count;
        EncodeAnew(word, merger, ids);
        if (Volatile.Read(ref _rememberedCount) < MaxRememberedWords && _remembered.TryAdd(word.ToString(), [.. ids[start..]]))
        {
            Interlocked.Increment(ref _rememberedCount);
        }
    }

    private void EncodeAnew(ReadOnlySpan<char> word, Merger merger, List<int> ids)
    {
        if (tokenOfWholeWord && alphabet.WholeWord(word) is { } whole)
        {
            ids.Add(whole);
            return;
        }

        var rented = ArrayPool<int>.Shared.Rent(alphabet.MaxSymbols(word.Length));
        var symbols = rented.AsSpan(0, alphabet.Symbols(word, rented));
        ids.AddRange(symbols[..merger.Merge(symbols)]);
        ArrayPool<int>.Shared.Return(rented);
    }
}
