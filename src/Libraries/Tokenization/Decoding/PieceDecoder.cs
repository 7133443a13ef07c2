using System.Text;

namespace Rlhf.Tokenization.Decoding;

/// <summary>Token ids to bytes of UTF-8.</summary>
/// <param name="pieces">The bytes of each token.</param>
/// <param name="specialIds">Tokens that steer the model and are no part of what it says.</param>
/// <param name="dropsFirstSpace">Whether a space at the very beginning is the mark that encoding put there.</param>
internal sealed class PieceDecoder(IReadOnlyDictionary<int, byte[]> pieces, IReadOnlySet<int> specialIds, bool dropsFirstSpace)
{
    private static readonly byte[] _replacement = Encoding.UTF8.GetBytes("\uFFFD");

    public bool DropsFirstSpace => dropsFirstSpace;

    public bool IsSpecial(int id) => specialIds.Contains(id);

    /// <summary>The bytes of a token; those of U+FFFD where there is no such token.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => pieces.TryGetValue(id, out var bytes) ? bytes : _replacement;
}
