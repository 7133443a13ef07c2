using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.ML.Tokenizers;

namespace Rlhf.Tokenization;

/// <summary>
/// SentencePiece-style BPE as tokenizer.json writes it: spaces become U+2581, one stands before the text, and a character
/// that is not in the vocabulary becomes its UTF-8 bytes. The library does the merging; it has no byte fallback, and
/// merges never cross such a character, so the text is cut there.
/// </summary>
internal sealed class SentencePieceBpe
{
    private const string Space = "\u2581";

    private readonly BpeTokenizer _merger;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<int, string> _pieces;

    public SentencePieceBpe(JsonElement root, string path)
    {
        var model = root.GetProperty("model");
        if (!(model.TryGetProperty("byte_fallback", out var fallback) && fallback.GetBoolean()))
        {
            throw new InvalidDataException($"{path}: a BPE without byte fallback and without byte-level pre-tokenizer is not supported.");
        }

        _ids = model.GetProperty("vocab").EnumerateObject().ToDictionary(e => e.Name, e => e.Value.GetInt32(), StringComparer.Ordinal);
        _pieces = _ids.ToDictionary(e => e.Value, e => e.Key);
        _merger = BpeTokenizer.Create(new BpeOptions(_ids)
        {
            Merges = model.GetProperty("merges").EnumerateArray().Select(TokenizerFile.Merge).ToList(),
        });
    }

    public List<int> Encode(string text)
    {
        var ids = new List<int>();
        if (text.Length == 0)
        {
            return ids;
        }

        var known = new StringBuilder(Space);
        foreach (var rune in text.Replace(" ", Space, StringComparison.Ordinal).EnumerateRunes())
        {
            var character = rune.ToString();
            if (_ids.ContainsKey(character))
            {
                known.Append(character);
                continue;
            }

            Flush(known, ids);
            ids.AddRange(Encoding.UTF8.GetBytes(character).Select(b => _ids[$"<0x{b:X2}>"]));
        }

        Flush(known, ids);
        return ids;
    }

    public string Decode(IEnumerable<int> ids)
    {
        var bytes = new List<byte>();
        foreach (var id in ids)
        {
            var piece = _pieces.TryGetValue(id, out var known) ? known : "\uFFFD";
            if (piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal))
            {
                bytes.Add(byte.Parse(piece.AsSpan(3, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(piece.Replace(Space, " ", StringComparison.Ordinal)));
            }
        }

        var text = Encoding.UTF8.GetString([.. bytes]);
        return text.StartsWith(' ') ? text[1..] : text;
    }

    private void Flush(StringBuilder known, List<int> ids)
    {
        if (known.Length > 0)
        {
            ids.AddRange(_merger.EncodeToIds(known.ToString(), considerPreTokenization: false, considerNormalization: false));
            known.Clear();
        }
    }
}
