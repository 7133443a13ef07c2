using Rlhf.Tokenization;

namespace Rlhf.Judge;

/// <summary>A conversation message as the text that prompts begin with.</summary>
internal static class ConversationTranscript
{
    /// <summary>The transcript up to where the assistant speaks.</summary>
    /// <exception cref="ArgumentException">There is no conversation, a role is unknown or a turn is empty.</exception>
    public static string Of(V1.Conversation? conversation) =>
        Transcript.Render([.. (conversation?.Messages ?? []).Select(message => new ConversationTurn(message.Role, message.Content))]);
}
