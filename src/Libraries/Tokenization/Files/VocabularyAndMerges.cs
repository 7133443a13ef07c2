using System.Text;
using Rlhf.Tokenization.Bpe;
using Rlhf.Tokenization.Decoding;
using Rlhf.Tokenization.Normalizing;
using Rlhf.Tokenization.Splitting;

namespace Rlhf.Tokenization.Files;

/// <summary>
/// Reads a vocab.json and a merges.txt, as GPT-2 and Qwen2 come. These don't say how text is split: the tokenizer class that
/// tokenizer_config.json names does, and without one it is GPT-2's.
/// </summary>
internal static class VocabularyAndMerges
{
    public const string VocabularyName = "vocab.json";
    public const string MergesName = "merges.txt";

    /// <summary>What GPT-2's tokenizer class begins and ends texts with where no file says otherwise.</summary>
    public const string Gpt2EndOfText = "<|endoftext|>";

    // The pattern of Qwen2, as its tokenizer.json has it.
    private const string Qwen2Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public static bool ArePresent(string folder) => File.Exists(Path.Combine(folder, VocabularyName)) && File.Exists(Path.Combine(folder, MergesName));

    /// <exception cref="InvalidDataException">A file is malformed, or the tokenizer class is another one.</exception>
    public static TokenizerPipeline Read(string folder, JsonField? config)
    {
        var ids = JsonField.ReadIfPresent(Path.Combine(folder, VocabularyName))
            ?? throw new InvalidDataException($"{folder} has no {VocabularyName}.");
        var vocabulary = BpeReader.Vocabulary(ids);
        var merges = BpeReader.Table(BpeReader.Merges(Path.Combine(folder, MergesName)), vocabulary);
        var alphabet = new ByteAlphabet(vocabulary, unknown: null);
        var (pattern, normalizer) = Family(config, folder);

        var addedTokens = AddedTokenReader.ById(config?.Find("added_tokens_decoder"), vocabulary).ToList();
        if (addedTokens.Count == 0 && vocabulary.Ids.TryGetValue(Gpt2EndOfText, out var end))
        {
            addedTokens.Add(new AddedToken(end, Gpt2EndOfText, IsSpecial: true));
        }

        var pieces = vocabulary.Tokens.ToDictionary(token => token.Key, token => DecodedPieces.ByteLevel(token.Value));
        addedTokens.ForEach(token => pieces[token.Id] = Encoding.UTF8.GetBytes(token.Content));
        return new TokenizerPipeline(addedTokens, normalizer)
        {
            Splitters = [new RegexSplitter(pattern, SplitBehavior.Isolated, isInverted: false)],
            Model = new BpeModel(alphabet, merges, tokenOfWholeWord: false),
            Decoder = new PieceDecoder(pieces, addedTokens.Where(token => token.IsSpecial).Select(token => token.Id).ToHashSet(), dropsFirstSpace: false),
            Vocabulary = vocabulary,
        };
    }

    private static (string Pattern, Normalizer Normalizer) Family(JsonField? config, string folder) => config?.Find("tokenizer_class")?.Text() switch
    {
        null or "GPT2Tokenizer" or "GPT2TokenizerFast" => (PreTokenizerReader.Gpt2Pattern, Normalizer.None),
        "Qwen2Tokenizer" or "Qwen2TokenizerFast" => (Qwen2Pattern, new Normalizer([UnicodeNormalizer.To(NormalizationForm.FormC, folder)])),
        var other => throw new InvalidDataException(
            $"{folder}: {VocabularyName} and {MergesName} alone don't say how the tokenizer class \"{other}\" splits text; put the model's tokenizer.json beside them."),
    };
}
