using System.Text.Json;
using Rlhf.V1;

namespace Rlhf.DataFiles;

/// <summary>A field that is a text, or a list of chat messages.</summary>
/// <param name="Text">The text; null where there are messages.</param>
/// <param name="Messages">The messages; null where there is a text.</param>
public sealed record RowText(string? Text, IReadOnlyList<ChatMessage>? Messages)
{
    private static readonly string[] s_roles = ["system", "user", "assistant"];

    /// <summary>Reads a field.</summary>
    /// <exception cref="RefusedItemException">It is missing, or neither a text nor a list of messages.</exception>
    public static RowText Require(JsonElement row, string field) => Find(row, field)
        ?? throw new RefusedItemException("missing_field", $"There is no \"{field}\".");

    /// <summary>Reads a field; null where it is missing or null.</summary>
    /// <exception cref="RefusedItemException">It is neither a text nor a list of messages.</exception>
    public static RowText? Find(JsonElement row, string field) => !row.TryGetProperty(field, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => new RowText(StringOf(value), null),
        JsonValueKind.Array => new RowText(null, [.. value.EnumerateArray().Select(message => Message(message, field))]),
        _ => throw new RefusedItemException("wrong_type", $"\"{field}\" is neither a text nor a list of messages."),
    };

    /// <summary>As what a model is asked to continue.</summary>
    /// <exception cref="RefusedItemException">It is empty.</exception>
    public Prompt ToPrompt() => Messages is { } messages ? PromptOf(messages)
        : string.IsNullOrWhiteSpace(Text) ? throw new RefusedItemException("empty_prompt", "The prompt is empty.")
        : new Prompt { Text = Text };

    /// <summary>As an answer: a text, or a single message of the assistant.</summary>
    /// <exception cref="RefusedItemException">It is empty, or more than an answer.</exception>
    public string ToResponse(string field)
    {
        var text = Messages switch
        {
            null => Text ?? "",
            [] => "",
            [{ Role: "assistant" } answer] => answer.Content,
            _ => throw new RefusedItemException("malformed_conversation", $"\"{field}\" beside a prompt must be one message of the assistant."),
        };
        return string.IsNullOrWhiteSpace(text) ? throw new RefusedItemException("empty_response", $"\"{field}\" is empty.") : text;
    }

    /// <summary>Messages as a prompt.</summary>
    /// <exception cref="RefusedItemException">There are none.</exception>
    public static Prompt PromptOf(IEnumerable<ChatMessage> messages)
    {
        var conversation = new Conversation();
        conversation.Messages.AddRange(messages);
        return conversation.Messages.Count > 0
            ? new Prompt { Conversation = conversation }
            : throw new RefusedItemException("empty_prompt", "The prompt has no messages.");
    }

    private static ChatMessage Message(JsonElement message, string field)
    {
        if (message.ValueKind != JsonValueKind.Object
            || !message.TryGetProperty("role", out var role) || role.ValueKind != JsonValueKind.String
            || !message.TryGetProperty("content", out var content) || content.ValueKind != JsonValueKind.String)
        {
            throw new RefusedItemException("malformed_conversation", $"A message in \"{field}\" is no object with the texts \"role\" and \"content\".");
        }

        var name = StringOf(role);
        return s_roles.Contains(name, StringComparer.Ordinal)
            ? new ChatMessage { Role = name, Content = StringOf(content) }
            : throw new RefusedItemException("malformed_conversation", $"A message in \"{field}\" has the role \"{name}\"; it can be {string.Join(", ", s_roles)}.");
    }

    private static string StringOf(JsonElement value)
    {
        try
        {
            return value.GetString() ?? "";
        }
        catch (InvalidOperationException halfCharacter)
        {
            throw new RefusedItemException("broken_json", $"A text is no valid Unicode: {halfCharacter.Message}");
        }
    }
}
