using System.Text;
using Rlhf.Tokenization.Bpe;
using Rlhf.Tokenization.Decoding;
using Rlhf.Tokenization.Normalizing;

namespace Rlhf.Tokenization.Files;

/// <summary>Reads the "decoder" of a tokenizer.json.</summary>
internal sealed class DecoderReader
{
    private readonly List<(string Old, string New)> _replacements = [];
    private readonly bool _isByteLevel;
    private bool _isFused;
    private bool _dropsFirstSpace;

    /// <param name="decoder">The decoder; byte-level vocabularies need none.</param>
    /// <param name="preTokenizer">What the text went through.</param>
    /// <exception cref="InvalidDataException">A step is malformed or not supported, or doesn't undo the pre-tokenizer.</exception>
    public DecoderReader(JsonField? decoder, PreTokenizerReader preTokenizer, string file)
    {
        _isByteLevel = preTokenizer.IsByteLevel;
        var steps = Steps.Of(decoder, "decoders");
        if (steps.Count == 0 && !_isByteLevel)
        {
            throw new InvalidDataException($"{file}: \"decoder\" is missing.");
        }

        foreach (var step in steps)
        {
            Read(step);
        }
    }

    /// <summary>The decoder for a vocabulary.</summary>
    public PieceDecoder Create(Vocabulary vocabulary, IReadOnlyList<AddedToken> addedTokens)
    {
        var pieces = vocabulary.Tokens.ToDictionary(
            token => token.Key,
            token => _isByteLevel ? DecodedPieces.ByteLevel(token.Value) : DecodedPieces.WithByteFallback(token.Value, _replacements));
        foreach (var token in _isByteLevel ? addedTokens : [])
        {
            // Written as it is, not in byte characters.
            pieces[token.Id] = Encoding.UTF8.GetBytes(token.Content);
        }

        return new PieceDecoder(pieces, addedTokens.Where(token => token.IsSpecial).Select(token => token.Id).ToHashSet(), _dropsFirstSpace);
    }

    private void Read(JsonField step)
    {
        var type = step["type"].Text();
        if ((type == "ByteLevel") != _isByteLevel)
        {
            throw step.Unsupported($"the decoder \"{type}\" {(_isByteLevel ? "for a byte-level vocabulary" : "without a byte-level pre-tokenizer")}");
        }

        switch (type)
        {
            case "ByteLevel" or "ByteFallback":
                break;
            case "Fuse":
                _isFused = true;
                break;
            case "Replace" when step["pattern"].Find("String") is { } old && old.Text().Length > 0 && !_isFused:
                _replacements.Add((old.Text(), step["content"].Text()));
                break;
            case "Strip" when _isFused && step["content"].Text() == " " && step["stop"].Id() == 0 && step["start"].Id() <= 1:
                _dropsFirstSpace = step["start"].Id() == 1;
                break;
            case "Metaspace":
                var mark = PreTokenizerReader.Metaspace(step);
                _replacements.Add((mark.Mark.ToString(), " "));
                _dropsFirstSpace = mark.Prefix != WordMarkPrefix.Never;
                break;
            default:
                throw step.Unsupported($"a decoder \"{type}\" of this form");
        }
    }
}
