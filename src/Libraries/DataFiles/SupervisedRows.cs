using System.Text.Json;

namespace Rlhf.DataFiles;

/// <summary>
/// Files to fine-tune on: "prompt" with "response" or "completion", or "messages" that end in an answer, or a preference row, of which
/// the chosen response is learnt.
/// </summary>
public static class SupervisedRows
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public static RowFile<SupervisedRow> Read(string path) => JsonLines.Read(path, Parse);

    /// <summary>Reads a row.</summary>
    /// <exception cref="RefusedItemException">It can't be used.</exception>
    public static SupervisedRow Parse(JsonElement row)
    {
        if (RowText.Find(row, "messages") is { } conversation)
        {
            return OfMessages(conversation);
        }

        foreach (var field in (string[])["response", "completion"])
        {
            if (RowText.Find(row, field) is { } response)
            {
                return new SupervisedRow(RowText.Require(row, "prompt").ToPrompt(), response.ToResponse(field));
            }
        }

        if (!row.TryGetProperty("chosen", out _))
        {
            throw new RefusedItemException("missing_field", "There is neither \"response\", \"completion\", \"messages\" nor \"chosen\".");
        }

        var preference = PreferenceRows.Parse(row);
        return new SupervisedRow(preference.Prompt, preference.Chosen);
    }

    private static SupervisedRow OfMessages(RowText conversation) => conversation.Messages is not { Count: > 0 } messages
        ? throw new RefusedItemException("wrong_type", "\"messages\" is no list of messages.")
        : messages[^1].Role != "assistant"
        ? throw new RefusedItemException("malformed_conversation", "\"messages\" does not end in an answer of the assistant.")
        : string.IsNullOrWhiteSpace(messages[^1].Content)
        ? throw new RefusedItemException("empty_response", "The last message is empty.")
        : new SupervisedRow(RowText.PromptOf(messages.SkipLast(1)), messages[^1].Content);
}
