using Rlhf.V1;

namespace Rlhf.DataFiles;

/// <summary>Two conversations that begin alike and end in an answer of the assistant each.</summary>
public static class MessagePair
{
    /// <summary>Splits them: all messages but the last are the prompt.</summary>
    /// <exception cref="RefusedItemException">One does not end in an answer, or they differ before it.</exception>
    public static PreferenceRow Split(IReadOnlyList<ChatMessage> chosen, IReadOnlyList<ChatMessage> rejected)
    {
        if (chosen.Count == 0 || rejected.Count == 0)
        {
            throw new RefusedItemException("empty_response", "A list of messages is empty.");
        }

        if (chosen[^1].Role != "assistant" || rejected[^1].Role != "assistant")
        {
            throw new RefusedItemException("malformed_conversation", "A conversation does not end in an answer of the assistant.");
        }

        var prompt = chosen.SkipLast(1).ToArray();
        return prompt.SequenceEqual(rejected.SkipLast(1))
            ? new PreferenceRow(RowText.PromptOf(prompt), chosen[^1].Content, rejected[^1].Content)
            : throw new RefusedItemException("differing_prompts", "The conversations differ before the last answer.");
    }
}
