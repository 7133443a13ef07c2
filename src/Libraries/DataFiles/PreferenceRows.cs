using System.Text.Json;
using Rlhf.V1;

namespace Rlhf.DataFiles;

/// <summary>
/// Preference files: HH-RLHF's transcripts (Bai et al. 2022, arXiv:2204.05862) and TRL's preference form, with a "prompt" or with the
/// prompt at the start of both responses, as texts or as chat messages. Each row is told apart by its fields.
/// </summary>
public static class PreferenceRows
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public static RowFile<PreferenceRow> Read(string path) => JsonLines.Read(path, Parse);

    /// <summary>Reads a row: "chosen" and "rejected", optionally "prompt", "margin" and "preference".</summary>
    /// <exception cref="RefusedItemException">It can't be used.</exception>
    public static PreferenceRow Parse(JsonElement row)
    {
        var chosen = RowText.Require(row, "chosen");
        var rejected = RowText.Require(row, "rejected");
        var pair = RowText.Find(row, "prompt") is { } prompt ? WithPrompt(prompt, chosen, rejected)
            : (chosen, rejected) switch
            {
                ({ Text: { } a }, { Text: { } b }) => TranscriptPair.Split(a, b),
                ({ Messages: { } a }, { Messages: { } b }) => MessagePair.Split(a, b),
                _ => throw new RefusedItemException("wrong_type", "One response is a text and the other a list of messages."),
            };
        if (string.IsNullOrWhiteSpace(pair.Chosen) || string.IsNullOrWhiteSpace(pair.Rejected))
        {
            throw new RefusedItemException("empty_response", $"The {(string.IsNullOrWhiteSpace(pair.Chosen) ? "chosen" : "rejected")} response is empty.");
        }

        return pair.Chosen.Trim() == pair.Rejected.Trim()
            ? throw new RefusedItemException("identical_responses", "Both responses are the same.")
            : pair with { Margin = Number(row, "margin", _ => true, "a finite number"), Preference = Number(row, "preference", p => p is >= 0 and <= 1, "a probability, 0 to 1") ?? 1 };
    }

    private static PreferenceRow WithPrompt(RowText prompt, RowText chosen, RowText rejected)
    {
        // Some files repeat the prompt in front of both answers.
        if (chosen.Messages is { Count: > 1 } a && rejected.Messages is { Count: > 1 } b)
        {
            var pair = MessagePair.Split(a, b);
            IReadOnlyList<ChatMessage> shared = pair.Prompt.Conversation.Messages;
            var isRepeated = prompt.Messages is { } messages ? messages.SequenceEqual(shared) : shared[^1].Content == prompt.Text;
            return isRepeated ? pair : throw new RefusedItemException("differing_prompts", "The messages before the answers are not the prompt.");
        }

        // Answers that are messages answer a user, however the prompt is written.
        var isChat = chosen.Messages is not null || rejected.Messages is not null;
        var question = isChat && prompt.Messages is null && !string.IsNullOrWhiteSpace(prompt.Text)
            ? RowText.PromptOf([new ChatMessage { Role = "user", Content = prompt.Text }])
            : prompt.ToPrompt();
        return new PreferenceRow(question, chosen.ToResponse("chosen"), rejected.ToResponse("rejected"));
    }

    private static double? Number(JsonElement row, string field, Func<double, bool> isValid, string wanted) =>
        !row.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) && isValid(number) ? number
        : throw new RefusedItemException("wrong_number", $"\"{field}\" is {value.GetRawText()}; it must be {wanted}.");
}
