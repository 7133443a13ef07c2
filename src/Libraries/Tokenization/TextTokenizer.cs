using System.Security.Cryptography;
using System.Text;
using Rlhf.Tokenization.Chat;
using Rlhf.Tokenization.Files;

namespace Rlhf.Tokenization;

/// <summary>Text to token ids and back, as a model's Hugging Face folder says. Any thread may use it.</summary>
public sealed class TextTokenizer
{
    private static readonly string[] _fileNames = ["tokenizer.json", "tokenizer.model", "tokenizer_config.json"];
    private static readonly string[] _fileNamesWithoutJson = [.. _fileNames, VocabularyAndMerges.VocabularyName, VocabularyAndMerges.MergesName];

    private readonly TokenizerPipeline _pipeline;
    private readonly SequenceMarks _marks;
    private readonly string _wordBoundary;

    private TextTokenizer(TokenizerPipeline pipeline, SequenceMarks marks, string hash, ChatTemplate? template)
    {
        (_pipeline, _marks, Hash) = (pipeline, marks, hash);

        // Where the tokenizer puts a space before a text by itself, a continuation needs none.
        _wordBoundary = pipeline.Decoder.DropsFirstSpace ? "" : " ";
        Bos = Text(marks.Bos);
        Eos = Text(marks.Eos);
        Conversations = new ConversationEncoder(this, template);
        EndIds = new HashSet<int>([.. marks.Ends, Conversations.EndId]);
    }

    /// <summary>The token that a text begins with, where the model wants one.</summary>
    public int? BosId => _marks.AddsBos ? _marks.Bos : null;

    /// <summary>The token that ends a text, and so a response to a prompt that is no conversation.</summary>
    public int EosId => _marks.Eos;

    /// <summary>
    /// A response ends at any of these: <see cref="EosId"/>, the "eos_token_id" of generation_config.json and config.json, and the
    /// token with which the chat template ends a turn.
    /// </summary>
    public IReadOnlySet<int> EndIds { get; }

    /// <summary>The text of the token that begins a sequence; empty where the model's files name none.</summary>
    public string Bos { get; }

    /// <summary>The text of the token that ends a sequence.</summary>
    public string Eos { get; }

    /// <summary>Encodes conversations: by the model's chat template where its folder has one, else as a <see cref="Transcript"/>.</summary>
    public ConversationEncoder Conversations { get; }

    /// <summary>SHA-256 over the tokenizer's files, lower-case hex. Token ids only mean something together with it.</summary>
    public string Hash { get; }

    /// <summary>
    /// Loads the tokenizer of a model folder: tokenizer.json (byte-level BPE, or BPE with byte fallback), else SentencePiece's
    /// tokenizer.model, else vocab.json and merges.txt.
    /// </summary>
    /// <param name="folder">A folder in Hugging Face layout.</param>
    /// <exception cref="InvalidDataException">A file is missing, malformed or not supported; the message names it and the remedy.</exception>
    public static TextTokenizer Load(string folder)
    {
        try
        {
            var json = JsonField.ReadIfPresent(Path.Combine(folder, "tokenizer.json"));
            var sentencePiece = SentencePieceFile.ReadIfPresent(Path.Combine(folder, "tokenizer.model"));
            var pipeline = Read(folder, json, sentencePiece);
            var marks = SequenceMarks.Read(folder, pipeline.Vocabulary, json, sentencePiece);
            return new TextTokenizer(pipeline, marks, HashOf(folder), ChatTemplate.Load(folder));
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"{folder}: the tokenizer's files are malformed ({e.Message})", e);
        }
    }

    /// <summary>Token ids of a whole text, with the leading BOS token where the model wants one.</summary>
    /// <param name="text">Any text; half a surrogate pair becomes U+FFFD.</param>
    /// <param name="allowSpecial">
    /// Whether the text of a special token (end of sequence, role marks) is that token. False for what people wrote: to them it
    /// is text like any other. Added tokens that are not special always match.
    /// </param>
    public int[] Encode(string text, bool allowSpecial = false)
    {
        var ids = _pipeline.Encode(text, allowSpecial, TextPlace.Start).Ids;
        return BosId is { } bos ? [bos, .. ids] : [.. ids];
    }

    /// <summary>Token ids of a text that follows another one at a word's boundary, as if a space stood before it. No BOS.</summary>
    public int[] EncodeContinuation(string text) => [.. _pipeline.Encode(_wordBoundary + text, allowSpecial: false, TextPlace.Start).Ids];

    /// <summary>Token ids as the pipeline gives them: no BOS.</summary>
    internal (List<int> Ids, TextPlace Next) EncodeAt(string text, TextPlace place, bool allowSpecial, SpecialTextGuard? guard = null) =>
        _pipeline.Encode(text, allowSpecial, place, guard);

    /// <summary>The added token with which a text begins, the longest of several; null where it begins with none.</summary>
    internal int? AddedTokenAtStartOf(string text) => _pipeline.AddedTokens
        .Where(token => text.StartsWith(token.Content, StringComparison.Ordinal)).MaxBy(token => token.Content.Length)?.Id;

    /// <summary>The texts of the special tokens.</summary>
    internal IEnumerable<string> SpecialTexts => _pipeline.AddedTokens.Where(token => token.IsSpecial).Select(token => token.Content);

    /// <summary>The text of token ids. BOS, EOS and other special tokens are left out; bytes that form no character become U+FFFD.</summary>
    /// <param name="keepSpecial">Whether the text of special tokens is kept.</param>
    public string Decode(IEnumerable<int> tokenIds, bool keepSpecial = false)
    {
        var decoder = NewDecoder(keepSpecial);
        var text = new StringBuilder();
        foreach (var id in tokenIds)
        {
            text.Append(decoder.Append(id));
        }

        return text.Append(decoder.Flush()).ToString();
    }

    /// <summary>A decoder for tokens that come one by one.</summary>
    /// <inheritdoc cref="Decode" path="/param[@name='keepSpecial']"/>
    public StreamingDecoder NewDecoder(bool keepSpecial = false) => new(_pipeline.Decoder, keepSpecial);

    private static TokenizerPipeline Read(string folder, JsonField? json, SentencePieceFile? sentencePiece) =>
        json is { } root ? TokenizerJson.Read(root)
        : sentencePiece is not null ? sentencePiece.Pipeline()
        : VocabularyAndMerges.ArePresent(folder) ? VocabularyAndMerges.Read(folder, JsonField.ReadIfPresent(Path.Combine(folder, "tokenizer_config.json")))
        : throw new InvalidDataException($"{folder} has no tokenizer.json, no tokenizer.model, and no vocab.json with a merges.txt; add one of them.");

    private string Text(int? id) => id is { } known ? _pipeline.Vocabulary.Tokens[known] : "";

    private static string HashOf(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var names = File.Exists(Path.Combine(folder, "tokenizer.json")) ? _fileNames : _fileNamesWithoutJson;
        foreach (var path in names.Select(name => Path.Combine(folder, name)).Where(File.Exists))
        {
            hash.AppendData(File.ReadAllBytes(path));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
