using Rlhf.Tokenization.Bpe;
using Rlhf.Tokenization.Normalizing;
using Rlhf.Tokenization.Splitting;

namespace Rlhf.Tokenization.Files;

/// <summary>Reads Hugging Face's tokenizer.json: byte-level BPE, and BPE with byte fallback (SentencePiece's).</summary>
internal static class TokenizerJson
{
    /// <exception cref="InvalidDataException">Something is malformed or not supported; the message names it.</exception>
    public static TokenizerPipeline Read(JsonField root)
    {
        var model = root["model"];
        var preTokenizer = new PreTokenizerReader(root.Find("pre_tokenizer"));
        var normalizer = NormalizerReader.Read(root.Find("normalizer"));
        RequireBpe(model, preTokenizer.IsByteLevel);

        var vocabulary = BpeReader.Vocabulary(model["vocab"]);
        var merges = BpeReader.Table(BpeReader.Merges(model["merges"]), vocabulary);
        var alphabet = Alphabet(model, preTokenizer.IsByteLevel, vocabulary);
        var splitters = preTokenizer.Splitters.Count == 0 ? SpaceSplitters(vocabulary) : preTokenizer.Splitters;
        var addedTokens = AddedTokenReader.List(root.Find("added_tokens"), vocabulary);
        return new TokenizerPipeline(addedTokens, normalizer)
        {
            WordMark = preTokenizer.WordMark,
            Splitters = splitters,
            Model = new BpeModel(alphabet, merges, model.Find("ignore_merges")?.Boolean() ?? false),
            Decoder = new DecoderReader(root.Find("decoder"), preTokenizer, root.File).Create(vocabulary, addedTokens),
            Vocabulary = vocabulary,
        };
    }

    /// <summary>The token that a "TemplateProcessing" puts before a text; null where there is none.</summary>
    /// <exception cref="InvalidDataException">It asks for something that is not supported.</exception>
    public static string? FirstToken(JsonField root)
    {
        string? first = null;
        foreach (var step in Steps.Of(root.Find("post_processor"), "processors"))
        {
            switch (step["type"].Text())
            {
                case "ByteLevel":
                    break;
                case "TemplateProcessing":
                    // What stands behind the text (an end of sequence) is for the caller to add.
                    var before = step["single"].Items().TakeWhile(part => part.Find("Sequence") is null).ToList();
                    first = before.Count switch
                    {
                        0 => null,
                        1 => before[0]["SpecialToken"]["id"].Text(),
                        _ => throw step.Unsupported("more than one token before the text"),
                    };
                    break;
                case var other:
                    throw step.Unsupported($"the post-processor \"{other}\"");
            }
        }

        return first;
    }

    /// <summary>The faster way to encode text with marked spaces, where it gives the same.</summary>
    public static IReadOnlyList<TextSplitter> SpaceSplitters(Vocabulary vocabulary) =>
        WordStartSplitter.IsRightFor(WordMark.SentencePiece, vocabulary.Ids.Keys) ? [new WordStartSplitter(WordMark.SentencePiece)] : [];

    private static Alphabet Alphabet(JsonField model, bool isByteLevel, Vocabulary vocabulary) => isByteLevel
        ? new ByteAlphabet(vocabulary, model.Find("unk_token") is { } unknown ? vocabulary.Id(unknown.Text(), "\"unk_token\"") : null)
        : new CharacterAlphabet(vocabulary);

    private static void RequireBpe(JsonField model, bool isByteLevel)
    {
        // Old files leave the type out.
        var type = model.Find("type")?.Text() ?? "BPE";
        if (type != "BPE")
        {
            throw model.Unsupported($"the model type \"{type}\" (BPE is)");
        }

        if (!isByteLevel && !(model.Find("byte_fallback")?.Boolean() ?? false))
        {
            throw model.Unsupported("a BPE with neither byte fallback nor a byte-level pre-tokenizer");
        }

        if (model.Find("dropout") is { Kind: System.Text.Json.JsonValueKind.Number })
        {
            throw model.Unsupported("\"dropout\"");
        }

        foreach (var name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.Find(name) is { } affix && affix.Text().Length > 0)
            {
                throw model.Unsupported($"\"{name}\"");
            }
        }
    }
}
