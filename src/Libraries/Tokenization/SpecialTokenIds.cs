using System.Text.Json;
using Microsoft.ML.Tokenizers;

namespace Rlhf.Tokenization;

/// <summary>Finds the ids of the beginning and end of a sequence.</summary>
internal sealed class SpecialTokenIds
{
    public SpecialTokenIds(JsonElement? json, JsonElement? config, string folder, SentencePieceTokenizer? sentencePiece)
    {
        var added = json is { } root && root.TryGetProperty("added_tokens", out var list)
            ? list.EnumerateArray().ToDictionary(t => t.GetProperty("content").GetString() ?? "", t => t.GetProperty("id").GetInt32())
            : [];

        var eosText = Text(config, "eos_token");
        Eos = eosText is not null && added.TryGetValue(eosText, out var id) ? id
            : sentencePiece?.EndOfSentenceId
            ?? throw new InvalidDataException($"{folder}: tokenizer_config.json names no \"eos_token\" that tokenizer.json has among its added tokens.");

        var bosText = Text(config, "bos_token");
        if (AddsBos(config, isDefault: sentencePiece is not null))
        {
            Bos = bosText is not null && added.TryGetValue(bosText, out var bos) ? bos
                : sentencePiece?.BeginningOfSentenceId
                ?? throw new InvalidDataException($"{folder}: tokenizer_config.json has \"add_bos_token\" but tokenizer.json lacks its \"bos_token\".");
        }
    }

    public int? Bos { get; }

    public int Eos { get; }

    private static bool AddsBos(JsonElement? config, bool isDefault) =>
        config is { } c && c.TryGetProperty("add_bos_token", out var add) ? add.GetBoolean() : isDefault;

    private static string? Text(JsonElement? config, string name)
    {
        if (config is not { } c || !c.TryGetProperty(name, out var value))
        {
            return null;
        }

        // Either the text itself, or an object that holds it.
        return value.ValueKind == JsonValueKind.Object ? value.GetProperty("content").GetString() : value.GetString();
    }
}
