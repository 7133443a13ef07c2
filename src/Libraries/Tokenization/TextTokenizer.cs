using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.ML.Tokenizers;

namespace Rlhf.Tokenization;

/// <summary>Text to token ids and back, as a model's Hugging Face folder says.</summary>
public sealed class TextTokenizer
{
    private static readonly string[] FileNames = ["tokenizer.json", "tokenizer.model", "tokenizer_config.json"];

    private readonly Func<string, IEnumerable<int>> _encode;
    private readonly Func<IEnumerable<int>, string> _decode;
    private readonly string _wordBoundary;

    private TextTokenizer(
        Func<string, IEnumerable<int>> encode, Func<IEnumerable<int>, string> decode, string wordBoundary, int? bosId, int eosId, string hash)
    {
        _encode = encode;
        _decode = decode;
        _wordBoundary = wordBoundary;
        BosId = bosId;
        EosId = eosId;
        Hash = hash;
    }

    /// <summary>The token that a text begins with, where the model wants one.</summary>
    public int? BosId { get; }

    /// <summary>The token that ends a response.</summary>
    public int EosId { get; }

    /// <summary>SHA-256 over the tokenizer's files, lower-case hex. Token ids only mean something together with it.</summary>
    public string Hash { get; }

    /// <summary>Loads the tokenizer of a model folder: tokenizer.json (byte-level or SentencePiece-style BPE), else SentencePiece's tokenizer.model.</summary>
    /// <param name="folder">A folder in Hugging Face layout.</param>
    /// <exception cref="InvalidDataException">A file is missing, malformed or not supported; the message names it and the remedy.</exception>
    public static TextTokenizer Load(string folder)
    {
        var jsonPath = Path.Combine(folder, "tokenizer.json");
        var modelPath = Path.Combine(folder, "tokenizer.model");
        using var config = ParseIfPresent(Path.Combine(folder, "tokenizer_config.json"));
        using var json = ParseIfPresent(jsonPath);
        try
        {
            if (json is not null && TokenizerFile.IsByteLevel(json.RootElement))
            {
                var bpe = TokenizerFile.CreateByteLevel(json.RootElement, jsonPath);
                var ids = new SpecialTokenIds(json.RootElement, config?.RootElement, folder, sentencePiece: null);
                return new TextTokenizer(t => bpe.EncodeToIds(t), i => bpe.Decode(i) ?? "", " ", ids.Bos, ids.Eos, HashOf(folder));
            }

            // SentencePiece puts a space before the text by itself: hence the empty word boundary.
            if (json is not null)
            {
                var bpe = new SentencePieceBpe(json.RootElement, jsonPath);
                var ids = new SpecialTokenIds(json.RootElement, config?.RootElement, folder, LoadSentencePiece(modelPath));
                return new TextTokenizer(bpe.Encode, bpe.Decode, "", ids.Bos, ids.Eos, HashOf(folder));
            }

            var sentencePiece = LoadSentencePiece(modelPath)
                ?? throw new InvalidDataException($"{folder} has neither a tokenizer.json nor a SentencePiece tokenizer.model; add one of them.");
            var special = new SpecialTokenIds(null, config?.RootElement, folder, sentencePiece);
            return new TextTokenizer(
                t => EncodeChecked(sentencePiece, t), i => sentencePiece.Decode(i), "", special.Bos, special.Eos, HashOf(folder));
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"{folder}: the tokenizer's files are malformed ({e.Message})", e);
        }
    }

    /// <summary>Token ids of a whole text, with the leading BOS token where the model wants one.</summary>
    public int[] Encode(string text)
    {
        var ids = _encode(text);
        return BosId is { } bos ? [bos, .. ids] : [.. ids];
    }

    /// <summary>Token ids of a text that follows another one at a word's boundary, as if a space stood before it. No BOS.</summary>
    public int[] EncodeContinuation(string text) => [.. _encode(_wordBoundary + text)];

    /// <summary>The text of token ids. BOS and EOS are left out; bytes that form no character become U+FFFD.</summary>
    public string Decode(IEnumerable<int> tokenIds) =>
        _decode(tokenIds.Where(id => id != EosId && id != BosId));

    // The library returns nothing for some texts of which no two characters merge; a silent loss is worse than an error.
    private static IReadOnlyList<int> EncodeChecked(LlamaTokenizer tokenizer, string text)
    {
        var ids = tokenizer.EncodeToIds(text);
        return ids.Count > 0 || string.IsNullOrWhiteSpace(text)
            ? ids
            : throw new ArgumentException($"tokenizer.model alone can't encode \"{text}\"; put the model's tokenizer.json beside it.", nameof(text));
    }

    private static LlamaTokenizer? LoadSentencePiece(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var stream = File.OpenRead(path);
        return LlamaTokenizer.Create(stream, addBeginOfSentence: false, addEndOfSentence: false);
    }

    /// <summary>Copies the tokenizer's files from one model folder to another.</summary>
    public static void CopyFiles(string from, string to)
    {
        foreach (var name in FileNames.Where(name => File.Exists(Path.Combine(from, name))))
        {
            File.Copy(Path.Combine(from, name), Path.Combine(to, name), overwrite: true);
        }
    }

    private static string HashOf(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in FileNames.Select(name => Path.Combine(folder, name)).Where(File.Exists))
        {
            hash.AppendData(File.ReadAllBytes(path));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static JsonDocument? ParseIfPresent(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is not valid JSON: {e.Message}", e);
        }
    }
}
