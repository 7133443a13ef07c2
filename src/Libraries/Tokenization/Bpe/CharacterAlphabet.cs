using System.Text;

namespace Rlhf.Tokenization.Bpe;

/// <summary>The characters of the text, and the UTF-8 bytes of those that are not in the vocabulary (SentencePiece's byte fallback).</summary>
internal sealed class CharacterAlphabet : Alphabet
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _vocabulary;
    private readonly int[] _byteIds = new int[256];

    /// <exception cref="InvalidDataException">A byte has no token.</exception>
    public CharacterAlphabet(Vocabulary vocabulary)
    {
        _vocabulary = vocabulary.Ids.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var value = 0; value < 256; value++)
        {
            _byteIds[value] = vocabulary.Id(Piece((byte)value), "byte fallback");
        }
    }

    /// <summary>How such vocabularies write a byte.</summary>
    public static string Piece(byte value) => $"<0x{value:X2}>";

    /// <inheritdoc/>
    public override int MaxSymbols(int length) => length * 3;

    /// <inheritdoc/>
    public override int Symbols(ReadOnlySpan<char> word, Span<int> symbols)
    {
        var count = 0;
        Span<byte> bytes = stackalloc byte[4];
        for (var i = 0; i < word.Length;)
        {
            var length = char.IsHighSurrogate(word[i]) && i + 1 < word.Length ? 2 : 1;
            var character = word.Slice(i, length);
            i += length;
            if (_vocabulary.TryGetValue(character, out var id))
            {
                symbols[count++] = id;
                continue;
            }

            foreach (var value in bytes[..Encoding.UTF8.GetBytes(character, bytes)])
            {
                symbols[count++] = _byteIds[value];
            }
        }

        return count;
    }

    /// <inheritdoc/>
    public override int? WholeWord(ReadOnlySpan<char> word) => _vocabulary.TryGetValue(word, out var id) ? id : null;
}
