using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlhf.TinyAssistant;

/// <summary>A learnt vocabulary, written in the form of Hugging Face's tokenizers.</summary>
/// <param name="Tokens">By id; begin and end of sequence are 0 and 1, the bytes follow.</param>
/// <param name="Merges">In the order in which they were learnt.</param>
public sealed record BpeVocabulary(IReadOnlyList<string> Tokens, IReadOnlyList<(string Left, string Right)> Merges)
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, IndentSize = 1, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json.</summary>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        Write(folder, "tokenizer.json", TokenizerJson());
        Write(folder, "tokenizer_config.json", new JsonObject
        {
            ["add_bos_token"] = true,
            ["add_eos_token"] = false,
            ["bos_token"] = BpeTrainer.BeginOfSequence,
            ["eos_token"] = BpeTrainer.EndOfSequence,
            ["clean_up_tokenization_spaces"] = false,
            ["model_max_length"] = 512,
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
        });
        Write(folder, "special_tokens_map.json", new JsonObject { ["bos_token"] = BpeTrainer.BeginOfSequence, ["eos_token"] = BpeTrainer.EndOfSequence });
    }

    private JsonObject TokenizerJson() => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray(AddedToken(0), AddedToken(1)),
        ["normalizer"] = null,
        ["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = BpeTrainer.SplitPattern }, ["behavior"] = "Isolated", ["invert"] = false },
                ByteLevel(trimOffsets: false)),
        },
        ["post_processor"] = new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(Special(0), Sequence("A", 0)),
            ["pair"] = new JsonArray(Special(0), Sequence("A", 0), Sequence("B", 1)),
            ["special_tokens"] = new JsonObject
            {
                [BpeTrainer.BeginOfSequence] = new JsonObject
                {
                    ["id"] = BpeTrainer.BeginOfSequence,
                    ["ids"] = new JsonArray(0),
                    ["tokens"] = new JsonArray(BpeTrainer.BeginOfSequence),
                },
            },
        },
        ["decoder"] = ByteLevel(trimOffsets: true),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["vocab"] = new JsonObject(Tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
            ["merges"] = new JsonArray([.. Merges.Select(merge => (JsonNode)$"{merge.Left} {merge.Right}")]),
        },
    };

    private JsonObject AddedToken(int id) => new()
    {
        ["id"] = id,
        ["content"] = Tokens[id],
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = true,
    };

    private static JsonObject ByteLevel(bool trimOffsets) =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = trimOffsets, ["use_regex"] = false };

    private static JsonObject Special(int type) =>
        new() { ["SpecialToken"] = new JsonObject { ["id"] = BpeTrainer.BeginOfSequence, ["type_id"] = type } };

    private static JsonObject Sequence(string id, int type) =>
        new() { ["Sequence"] = new JsonObject { ["id"] = id, ["type_id"] = type } };

    private static void Write(string folder, string name, JsonObject content) =>
        File.WriteAllText(Path.Combine(folder, name), content.ToJsonString(Layout) + "\n");
}
