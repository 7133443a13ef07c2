using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Reward.Scoring;

/// <summary>What of an item the model sees.</summary>
/// <param name="Ids">Token ids, at least one.</param>
/// <param name="IsTruncated">Whether the front was cut off.</param>
internal sealed record ItemTokens(int[] Ids, bool IsTruncated)
{
    private const string Assistant = "assistant";

    /// <summary>
    /// Prompt and response tokens of an item, whatever their number, as the reward model saw them in training: the response
    /// ends with the token that ends a text, or the assistant's turn.
    /// </summary>
    /// <exception cref="ItemException">The item is empty or malformed, or its token ids are another tokenizer's.</exception>
    public static int[] Of(ScoreItem item, TextTokenizer tokenizer)
    {
        switch (item.ContentCase)
        {
            case ScoreItem.ContentOneofCase.Text:
                return item.Text.Prompt.Length > 0 && !string.IsNullOrWhiteSpace(item.Text.Response)
                    ? [.. tokenizer.Encode(item.Text.Prompt), .. tokenizer.EncodeContinuation(item.Text.Response.Trim()), tokenizer.EosId]
                    : throw Empty();
            case ScoreItem.ContentOneofCase.Conversation:
                var turns = item.Conversation.Messages;
                if (turns.Count < 2 || turns[^1].Role != Assistant)
                {
                    throw new ItemException(ErrorCode.InvalidItem, "The conversation must end in the assistant's turn, with a turn before it.");
                }
                return string.IsNullOrWhiteSpace(turns[^1].Content) ? throw Empty()
                    : [.. Encode(turns.SkipLast(1), tokenizer), .. tokenizer.Conversations.Response(turns[^1].Content.Trim()), tokenizer.Conversations.EndId];
            case ScoreItem.ContentOneofCase.Tokens:
                if (item.Tokens.TokenizerHash != tokenizer.Hash)
                {
                    throw new ItemException(
                        ErrorCode.TokenizerMismatch, $"The token ids are said to be of tokenizer '{item.Tokens.TokenizerHash}'; this model's is '{tokenizer.Hash}'.");
                }
                return item.Tokens.TokenIds.Count > 0
                    ? [.. item.Tokens.TokenIds]
                    : throw new ItemException(ErrorCode.InvalidItem, "There are no token ids.");
            case ScoreItem.ContentOneofCase.WholeText:
                var text = WithoutEnds(item.WholeText, tokenizer);
                return string.IsNullOrWhiteSpace(text) ? throw Empty() : [.. tokenizer.Encode(text, allowSpecial: true), tokenizer.EosId];
            default:
                throw new ItemException(ErrorCode.InvalidItem, "The item is empty; give text, a conversation, token ids or whole_text.");
        }
    }

    /// <summary>Holds an item's tokens against a model's limits.</summary>
    /// <exception cref="ItemException">A token id is out of range, or there are too many and they may not be cut.</exception>
    public static ItemTokens Fit(int[] ids, int contextLength, int vocabularySize, TextTokenizer tokenizer, TruncationPolicy truncation)
    {
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)vocabularySize)
            {
                throw new ItemException(ErrorCode.InvalidItem, $"Token id {id} is out of range; the vocabulary has ids 0 to {vocabularySize - 1}.");
            }
        }
        if (ids.Length <= contextLength)
        {
            return new ItemTokens(ids, IsTruncated: false);
        }
        if (truncation != TruncationPolicy.KeepEnd)
        {
            throw new ItemException(ErrorCode.TooLong, $"The item has {ids.Length} tokens; the model's context has {contextLength}.");
        }
        return new ItemTokens(
            tokenizer.BosId is { } bos && ids[0] == bos ? [bos, .. ids[^(contextLength - 1)..]] : ids[^contextLength..], IsTruncated: true);
    }

    // Trainers decode whole sequences: their ends are there in writing, and come again in encoding.
    private static string WithoutEnds(string text, TextTokenizer tokenizer)
    {
        if (tokenizer.BosId is not null && tokenizer.Bos.Length > 0 && text.StartsWith(tokenizer.Bos, StringComparison.Ordinal))
        {
            text = text[tokenizer.Bos.Length..];
        }
        while (tokenizer.Eos.Length > 0 && text.EndsWith(tokenizer.Eos, StringComparison.Ordinal))
        {
            text = text[..^tokenizer.Eos.Length];
        }
        return text;
    }

    private static ItemException Empty() => new(ErrorCode.InvalidItem, "Prompt and response must not be empty.");

    private static int[] Encode(IEnumerable<ChatMessage> turns, TextTokenizer tokenizer)
    {
        try
        {
            return tokenizer.Conversations.Prompt([.. turns.Select(turn => new ConversationTurn(turn.Role, turn.Content))]);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidDataException)
        {
            throw new ItemException(ErrorCode.InvalidItem, exception.Message);
        }
    }
}
