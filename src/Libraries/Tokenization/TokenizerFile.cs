using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace Rlhf.Tokenization;

/// <summary>Reads the byte-level BPE tokenizers of Hugging Face's tokenizer.json, which Microsoft.ML.Tokenizers does not.</summary>
internal static class TokenizerFile
{
    // The splitting pattern that the "ByteLevel" pre-tokenizer stands for (GPT-2's).
    private const string Gpt2Pattern =
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Whether this tokenizer.json is a byte-level BPE.</summary>
    public static bool IsByteLevel(JsonElement root) => PreTokenizers(root).Any(p => TypeOf(p) == "ByteLevel");

    /// <summary>Builds the tokenizer. Special tokens' texts inside the input are ordinary text to it.</summary>
    /// <exception cref="InvalidDataException">The file asks for something that is not supported; the message names it.</exception>
    public static Tokenizer CreateByteLevel(JsonElement root, string path)
    {
        var model = root.GetProperty("model");
        if (TypeOf(model) != "BPE")
        {
            throw new InvalidDataException($"{path}: the model type \"{TypeOf(model)}\" is not supported; byte-level BPE and SentencePiece are.");
        }

        if (root.TryGetProperty("normalizer", out var normalizer) && normalizer.ValueKind == JsonValueKind.Object)
        {
            throw new InvalidDataException($"{path}: the normalizer \"{TypeOf(normalizer)}\" is not supported with byte-level BPE.");
        }

        var vocabulary = model.GetProperty("vocab").EnumerateObject().Select(e => KeyValuePair.Create(e.Name, e.Value.GetInt32()));
        var options = new BpeOptions(vocabulary)
        {
            ByteLevel = true,
            Merges = model.GetProperty("merges").EnumerateArray().Select(Merge).ToList(),
            PreTokenizer = new RegexPreTokenizer(new Regex(Pattern(root, path), RegexOptions.CultureInvariant), null),
        };
        return BpeTokenizer.Create(options);
    }

    public static string Merge(JsonElement merge) => merge.ValueKind == JsonValueKind.String
        ? merge.GetString() ?? ""
        : $"{merge[0].GetString()} {merge[1].GetString()}";

    private static string Pattern(JsonElement root, string path)
    {
        foreach (var step in PreTokenizers(root))
        {
            switch (TypeOf(step))
            {
                case "Split" when step.GetProperty("pattern").TryGetProperty("Regex", out var regex):
                    return regex.GetString() ?? throw new InvalidDataException($"{path}: the splitting pattern is null.");
                case "ByteLevel" when step.TryGetProperty("add_prefix_space", out var prefix) && prefix.GetBoolean():
                    throw new InvalidDataException($"{path}: \"add_prefix_space\": true is not supported.");
                case "ByteLevel":
                    break;
                default:
                    throw new InvalidDataException($"{path}: the pre-tokenizer \"{TypeOf(step)}\" is not supported.");
            }
        }

        return Gpt2Pattern;
    }

    private static IEnumerable<JsonElement> PreTokenizers(JsonElement root)
    {
        if (!root.TryGetProperty("pre_tokenizer", out var first) || first.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        return TypeOf(first) == "Sequence" ? first.GetProperty("pretokenizers").EnumerateArray() : [first];
    }

    private static string TypeOf(JsonElement element) =>
        element.TryGetProperty("type", out var type) ? type.GetString() ?? "" : "";
}
