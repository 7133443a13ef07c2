namespace Rlhf.Tokenization;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">"system", "user" or "assistant".</param>
/// <param name="Content">What was said, without role marks.</param>
public sealed record ConversationTurn(string Role, string Content);
