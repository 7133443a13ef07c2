using System.Text.Json;
using Rlhf.V1;

namespace Rlhf.DataFiles;

/// <summary>Files of prompts: "prompt" as a text or messages, or "messages" that end with the user.</summary>
public static class PromptRows
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public static RowFile<Prompt> Read(string path) => JsonLines.Read(path, Parse);

    /// <summary>Reads a row.</summary>
    /// <exception cref="RefusedItemException">It can't be used.</exception>
    public static Prompt Parse(JsonElement row)
    {
        var prompt = (RowText.Find(row, "prompt") ?? RowText.Find(row, "messages")
            ?? throw new RefusedItemException("missing_field", "There is neither \"prompt\" nor \"messages\".")).ToPrompt();
        return prompt.ContentCase == Prompt.ContentOneofCase.Conversation && prompt.Conversation.Messages[^1].Role == "assistant"
            ? throw new RefusedItemException("malformed_conversation", "The last message is the assistant's already.")
            : prompt;
    }
}
