using System.Text.Json;
using Rlhf.Tokenization.Bpe;

namespace Rlhf.Tokenization.Files;

/// <summary>The tokens that begin and end a sequence, as a model folder names them.</summary>
/// <param name="Bos">Begins a sequence; null where the folder names none.</param>
/// <param name="AddsBos">Whether a text begins with it.</param>
/// <param name="Eos">Ends a sequence; the tokenizer's files come first.</param>
/// <param name="Ends">At each of these a response ends: <paramref name="Eos"/>, and all that the model's files name.</param>
internal sealed record SequenceMarks(int? Bos, bool AddsBos, int Eos, IReadOnlyList<int> Ends)
{
    // Where a folder may name the tokens, the first that does counts.
    private static readonly string[] _namesByText = ["tokenizer_config.json", "special_tokens_map.json"];
    private static readonly string[] _namesById = ["generation_config.json", "config.json"];

    /// <param name="json">The folder's tokenizer.json, where it is used.</param>
    /// <param name="sentencePiece">The folder's tokenizer.model.</param>
    /// <exception cref="InvalidDataException">No file names the end of a sequence, or one names a token that isn't there.</exception>
    public static SequenceMarks Read(string folder, Vocabulary vocabulary, JsonField? json, SentencePieceFile? sentencePiece)
    {
        var config = JsonField.ReadIfPresent(Path.Combine(folder, _namesByText[0]));
        var gpt2 = json is null && sentencePiece is null && vocabulary.Ids.TryGetValue(VocabularyAndMerges.Gpt2EndOfText, out var id) ? id : (int?)null;
        var eos = Find(folder, "eos_token", vocabulary) ?? sentencePiece?.Eos ?? gpt2
            ?? throw new InvalidDataException($"{folder}: no file names the end of a sequence; add \"eos_token\" to tokenizer_config.json.");
        var bos = Find(folder, "bos_token", vocabulary) ?? sentencePiece?.Bos ?? gpt2;

        var first = json is { } root ? TokenizerJson.FirstToken(root) : null;
        if (first is not null)
        {
            bos ??= vocabulary.Id(first, "\"post_processor\"");
        }

        var addsBos = config?.Find("add_bos_token")?.Boolean() ?? (first is not null || sentencePiece is not null);
        return addsBos && bos is null
            ? throw new InvalidDataException($"{folder}: tokenizer_config.json has \"add_bos_token\", but no file names the \"bos_token\".")
            : new SequenceMarks(bos, addsBos, eos, [eos, .. _namesById.SelectMany(file => Ids(folder, file, "eos_token", vocabulary))]);
    }

    private static int? Find(string folder, string name, Vocabulary vocabulary)
    {
        foreach (var file in _namesByText)
        {
            // Either the text itself, or an object that holds it.
            if (JsonField.ReadIfPresent(Path.Combine(folder, file))?.Find(name) is { } token)
            {
                var text = token.Kind == JsonValueKind.Object ? token["content"].Text() : token.Text();
                return vocabulary.Ids.TryGetValue(text, out var id)
                    ? id : throw new InvalidDataException($"{token.File}: the \"{name}\" is \"{JsonEncodedText.Encode(text)}\", which is not among the tokens.");
            }
        }

        // Of a list the first is the main one.
        return _namesById.SelectMany(file => Ids(folder, file, name, vocabulary)).Select(id => (int?)id).FirstOrDefault();
    }

    // Either an id, or a list.
    private static IEnumerable<int> Ids(string folder, string file, string name, Vocabulary vocabulary)
    {
        if (JsonField.ReadIfPresent(Path.Combine(folder, file))?.Find(name + "_id") is not { } found)
        {
            return [];
        }

        return (found.Kind == JsonValueKind.Array ? found.Items() : [found]).Select(item => item.Id()).Select(id => vocabulary.Tokens.ContainsKey(id)
            ? id : throw new InvalidDataException($"{found.File}: \"{name}_id\" has {id}, which is not among the tokenizer's tokens."));
    }
}
