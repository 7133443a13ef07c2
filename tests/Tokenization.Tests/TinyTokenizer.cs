using System.Text;
using System.Text.Json.Nodes;

namespace Rlhf.Tokenization.Tests;

/// <summary>A model folder with a byte-level tokenizer.json of one token a byte (its id is the byte), and what a test adds.</summary>
internal sealed class TinyTokenizer : IDisposable
{
    public const int EndId = 256;

    private readonly string _folder = Directory.CreateTempSubdirectory("tokenizer-test").FullName;
    private readonly JsonObject _vocabulary = [];
    private int _nextId = EndId + 1;

    public TinyTokenizer()
    {
        for (var value = 0; value < 256; value++)
        {
            _vocabulary[ByteCharacter((byte)value).ToString()] = value;
        }

        Json = new JsonObject
        {
            ["added_tokens"] = new JsonArray(Added("</s>", EndId, special: true)),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(useRegex: true),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(useRegex: true),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = _vocabulary, ["merges"] = new JsonArray() },
        };
    }

    /// <summary>What becomes tokenizer.json.</summary>
    public JsonObject Json { get; }

    /// <summary>What becomes tokenizer_config.json.</summary>
    public JsonObject Config { get; } = new() { ["eos_token"] = "</s>" };

    public string Folder => _folder;

    public static JsonObject ByteLevel(bool useRegex) => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = useRegex };

    /// <summary>Splits by a pattern, and then into bytes.</summary>
    public static JsonObject SplitBy(string pattern) => Sequence(
        new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated", ["invert"] = false },
        ByteLevel(useRegex: false));

    public static JsonObject Sequence(params JsonNode[] steps) => new() { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(steps) };

    public static JsonObject Added(string content, int id, bool special = false) => new() { ["id"] = id, ["content"] = content, ["special"] = special };

    /// <summary>Makes words tokens, whenever they are split off as a whole.</summary>
    /// <returns>Their ids.</returns>
    public int[] AddWords(params string[] words)
    {
        Json["model"]!["ignore_merges"] = true;
        return [.. words.Select(word => (int)(_vocabulary[string.Concat(Encoding.UTF8.GetBytes(word).Select(ByteCharacter))] = _nextId++))];
    }

    public int AddToken(string content, bool special = false, string? flag = null)
    {
        var token = Added(content, _nextId, special);
        if (flag is not null)
        {
            token[flag] = true;
        }

        ((JsonArray)Json["added_tokens"]!).Add(token);
        return _nextId++;
    }

    public TextTokenizer Load()
    {
        Write("tokenizer.json", Json.ToJsonString());
        Write("tokenizer_config.json", Config.ToJsonString());
        return TextTokenizer.Load(_folder);
    }

    public void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // GPT-2's table: printable bytes stand for themselves, the others for the characters from U+0100 on.
    private static char ByteCharacter(byte value) =>
        IsPrintable(value) ? (char)value : (char)(0x100 + Enumerable.Range(0, value).Count(other => !IsPrintable(other)));

    private static bool IsPrintable(int value) => value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
}
