using Rlhf.DataFiles;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Learner.Data;

/// <summary>Turns prompts and responses into tokens, as the generators and the reward service do.</summary>
/// <param name="tokenizer">The base model's tokenizer.</param>
/// <param name="contextLength">The longest sequence, in tokens.</param>
internal sealed class ExampleEncoder(TextTokenizer tokenizer, int contextLength)
{
    /// <summary>The tokenizer.</summary>
    public TextTokenizer Tokenizer { get; } = tokenizer;

    /// <summary>Tokens of a prompt.</summary>
    /// <exception cref="RefusedItemException">It is empty or malformed, of another tokenizer, or fills the whole context.</exception>
    public int[] Prompt(Prompt prompt)
    {
        int[] ids = prompt.ContentCase switch
        {
            V1.Prompt.ContentOneofCase.Text => Tokenizer.Encode(prompt.Text),
            V1.Prompt.ContentOneofCase.Conversation => Encode(prompt.Conversation),
            V1.Prompt.ContentOneofCase.Tokens when prompt.Tokens.TokenizerHash == Tokenizer.Hash => [.. prompt.Tokens.TokenIds],
            V1.Prompt.ContentOneofCase.Tokens => throw new RefusedItemException(
                "tokenizer_mismatch", $"The prompt's tokens were made by tokenizer {prompt.Tokens.TokenizerHash}; this one is {Tokenizer.Hash}."),
            _ => [],
        };
        if (ids.Length == 0)
        {
            throw new RefusedItemException("empty_prompt", "The prompt has no tokens.");
        }

        return ids.Length < contextLength
            ? ids
            : throw new RefusedItemException("too_long", $"The prompt has {ids.Length} tokens; the context holds {contextLength}.");
    }

    /// <summary>Tokens of a prompt and a response with the token that ends it: in a conversation the chat template's, else the text's.</summary>
    /// <exception cref="RefusedItemException">As for the prompt, or the response is empty, or both together don't fit the context.</exception>
    public EncodedExample Example(Prompt prompt, string response)
    {
        var promptIds = Prompt(prompt);
        var text = response.Trim();
        if (text.Length == 0)
        {
            throw new RefusedItemException("empty_response", "The response is empty.");
        }

        int[] ids = [.. promptIds, .. Continuation(prompt, text)];
        return ids.Length <= contextLength
            ? new EncodedExample(ids, promptIds.Length)
            : throw new RefusedItemException("too_long", $"Prompt and response have {ids.Length} tokens; the context holds {contextLength}.");
    }

    private int[] Continuation(Prompt prompt, string text) => prompt.ContentCase == V1.Prompt.ContentOneofCase.Conversation
        ? [.. Tokenizer.Conversations.Response(text), Tokenizer.Conversations.EndId] : [.. Tokenizer.EncodeContinuation(text), Tokenizer.EosId];

    private int[] Encode(Conversation conversation)
    {
        try
        {
            return Tokenizer.Conversations.Prompt([.. conversation.Messages.Select(message => new ConversationTurn(message.Role, message.Content))]);
        }
        catch (Exception malformed) when (malformed is ArgumentException or InvalidDataException)
        {
            throw new RefusedItemException("malformed_conversation", malformed.Message);
        }
    }
}
