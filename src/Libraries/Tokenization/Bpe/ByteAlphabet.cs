using System.Buffers;
using System.Text;

namespace Rlhf.Tokenization.Bpe;

/// <summary>The UTF-8 bytes of the text (byte-level BPE).</summary>
internal sealed class ByteAlphabet : Alphabet
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _vocabulary;
    private readonly int[] _ids = new int[256];

    /// <param name="unknown">Stands for bytes without a token, where the file names it.</param>
    /// <exception cref="InvalidDataException">A byte that UTF-8 uses has no token, and there is none for the unknown.</exception>
    public ByteAlphabet(Vocabulary vocabulary, int? unknown)
    {
        _vocabulary = vocabulary.Ids.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var value = 0; value < 256; value++)
        {
            // 0xC0, 0xC1 and 0xF5 to 0xFF never occur in UTF-8.
            var isUsed = value is not (0xC0 or 0xC1 or >= 0xF5);
            _ids[value] = vocabulary.Ids.TryGetValue(ByteCharacters.Of((byte)value).ToString(), out var id) ? id
                : unknown ?? (isUsed
                    ? throw new InvalidDataException($"{vocabulary.File}: the vocabulary has no token for the byte 0x{value:X2} and no \"unk_token\"; a byte-level vocabulary needs all 256.")
                    : -1);
        }
    }

    /// <inheritdoc/>
    public override int MaxSymbols(int length) => length * 3;

    /// <inheritdoc/>
    public override int Symbols(ReadOnlySpan<char> word, Span<int> symbols)
    {
        var rented = ArrayPool<byte>.Shared.Rent(MaxSymbols(word.Length));
        var count = Encoding.UTF8.GetBytes(word, rented);
        for (var i = 0; i < count; i++)
        {
            symbols[i] = _ids[rented[i]];
        }

        ArrayPool<byte>.Shared.Return(rented);
        return count;
    }

    /// <inheritdoc/>
    public override int? WholeWord(ReadOnlySpan<char> word)
    {
        var mapped = string.Concat(Encoding.UTF8.GetBytes(word.ToString()).Select(ByteCharacters.Of));
        return _vocabulary.TryGetValue(mapped, out var id) ? id : null;
    }
}
