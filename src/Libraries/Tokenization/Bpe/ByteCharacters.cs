namespace Rlhf.Tokenization.Bpe;

/// <summary>
/// The characters that stand for bytes in byte-level vocabularies (Radford et al. 2019): printable Latin-1 characters for
/// themselves, the other bytes as U+0100 and on, in order.
/// </summary>
internal static class ByteCharacters
{
    private static readonly char[] _characters = Characters();
    private static readonly Dictionary<char, byte> _bytes = _characters.Index().ToDictionary(c => c.Item, c => (byte)c.Index);

    public static char Of(byte value) => _characters[value];

    /// <summary>The bytes of a vocabulary entry, or null where a character stands for none.</summary>
    public static byte[]? Bytes(string piece)
    {
        var bytes = new byte[piece.Length];
        for (var i = 0; i < piece.Length; i++)
        {
            if (!_bytes.TryGetValue(piece[i], out bytes[i]))
            {
                return null;
            }
        }

        return bytes;
    }

    private static char[] Characters()
    {
        var others = 0;
        return [.. Enumerable.Range(0, 256).Select(b => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)b : (char)(0x100 + others++))];
    }
}
