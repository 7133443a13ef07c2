using System.Globalization;
using System.Text;
using Rlhf.Tokenization.Bpe;

namespace Rlhf.Tokenization.Decoding;

/// <summary>The bytes that vocabulary entries stand for.</summary>
internal static class DecodedPieces
{
    /// <summary>Of a byte-level vocabulary. An entry that is not written in byte characters stands for itself.</summary>
    public static byte[] ByteLevel(string piece) => ByteCharacters.Bytes(piece) ?? Encoding.UTF8.GetBytes(piece);

    /// <summary>Of a vocabulary with byte fallback.</summary>
    /// <param name="replacements">What is written in place of what, one after another.</param>
    public static byte[] WithByteFallback(string piece, IReadOnlyList<(string Old, string New)> replacements)
    {
        if (piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
            && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            return [value];
        }

        foreach (var (old, replacement) in replacements)
        {
            piece = piece.Replace(old, replacement, StringComparison.Ordinal);
        }

        return Encoding.UTF8.GetBytes(piece);
    }
}
