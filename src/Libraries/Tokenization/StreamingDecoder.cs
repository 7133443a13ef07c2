using System.Text;
using Rlhf.Tokenization.Decoding;

namespace Rlhf.Tokenization;

/// <summary>
/// Token ids to text one by one: what it gives, put together, is what <see cref="TextTokenizer.Decode"/> gives for all of
/// them. A token may end within a character; its bytes are held back until the character is whole. For one sequence.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly PieceDecoder _pieces;
    private readonly bool _keepSpecial;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private bool _isStart = true;

    internal StreamingDecoder(PieceDecoder pieces, bool keepSpecial) => (_pieces, _keepSpecial) = (pieces, keepSpecial);

    /// <summary>The characters that this token completes; often a word, sometimes nothing.</summary>
    public string Append(int tokenId) => _pieces.IsSpecial(tokenId) && !_keepSpecial ? "" : Text(_pieces.Bytes(tokenId), isLast: false);

    /// <summary>What is held back at the end: U+FFFD for bytes that form no character, or nothing. The decoder begins anew.</summary>
    public string Flush()
    {
        var text = Text([], isLast: true);
        _isStart = true;
        return text;
    }

    private string Text(ReadOnlySpan<byte> bytes, bool isLast)
    {
        var characters = new char[_utf8.GetCharCount(bytes, isLast)];
        var text = new string(characters, 0, _utf8.GetChars(bytes, characters, isLast));
        if (text.Length == 0 || !_isStart)
        {
            return text;
        }

        _isStart = false;
        return _pieces.DropsFirstSpace && text[0] == ' ' ? text[1..] : text;
    }
}
