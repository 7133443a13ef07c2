using Rlhf.Generator.Engine;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Generator.Requests;

/// <summary>Prompts and continuations as token ids.</summary>
internal sealed class PromptEncoder(TextTokenizer tokenizer, LoadedVersions versions)
{
    /// <summary>The prompt's tokens, up to where the model goes on.</summary>
    /// <exception cref="ItemException">The prompt is empty, malformed or too long, or its token ids are another tokenizer's.</exception>
    public int[] Prompt(Prompt? prompt)
    {
        var tokens = prompt?.ContentCase switch
        {
            V1.Prompt.ContentOneofCase.Text when prompt.Text.Length > 0 => tokenizer.Encode(prompt.Text),
            V1.Prompt.ContentOneofCase.Conversation => Encode(prompt.Conversation),
            V1.Prompt.ContentOneofCase.Tokens => Tokens(prompt.Tokens),
            _ => throw new ItemException(ErrorCode.InvalidItem, "The prompt is empty; give text, a conversation or token ids."),
        };
        if (tokens.Length >= versions.Config.ContextLength)
        {
            throw new ItemException(
                ErrorCode.TooLong, $"The prompt has {tokens.Length} tokens; the context of {versions.Config.ContextLength} leaves room for prompts of {versions.Config.ContextLength - 1}.");
        }

        return tokens;
    }

    /// <summary>The tokens of a given continuation; of a conversation it is what the assistant says.</summary>
    /// <exception cref="ItemException">It is empty or does not fit the context behind its prompt, or its token ids are another tokenizer's.</exception>
    public int[] Continuation(ScoreTokensItem item, int promptLength)
    {
        var tokens = item.ContinuationCase switch
        {
            ScoreTokensItem.ContinuationOneofCase.Text when item.Text.Length > 0 => item.Prompt?.ContentCase == V1.Prompt.ContentOneofCase.Conversation
                ? tokenizer.Conversations.Response(item.Text) : tokenizer.EncodeContinuation(item.Text),
            ScoreTokensItem.ContinuationOneofCase.Tokens => Tokens(item.Tokens),
            _ => throw new ItemException(ErrorCode.InvalidItem, "The continuation is empty; give text or token ids."),
        };
        if (promptLength + tokens.Length > versions.Config.ContextLength)
        {
            throw new ItemException(
                ErrorCode.TooLong, $"Prompt and continuation have {promptLength + tokens.Length} tokens; the context has {versions.Config.ContextLength}.");
        }

        return tokens;
    }

    /// <exception cref="ItemException">A token id is not one of the model's.</exception>
    public void RequireTokens(IEnumerable<int> tokens)
    {
        if (tokens.Any(id => id < 0 || id >= versions.Config.VocabularySize))
        {
            throw new ItemException(ErrorCode.InvalidItem, $"Token ids must be from 0 to {versions.Config.VocabularySize - 1}.");
        }
    }

    private int[] Encode(Conversation conversation)
    {
        try
        {
            return tokenizer.Conversations.Prompt([.. conversation.Messages.Select(m => new ConversationTurn(m.Role, m.Content))]);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidDataException)
        {
            throw new ItemException(ErrorCode.InvalidItem, exception.Message);
        }
    }

    private int[] Tokens(TokenSequence tokens)
    {
        if (tokens.TokenizerHash != tokenizer.Hash)
        {
            throw new ItemException(ErrorCode.TokenizerMismatch, $"The token ids are said to be of tokenizer \"{tokens.TokenizerHash}\"; this model's is \"{tokenizer.Hash}\".");
        }

        if (tokens.TokenIds.Count == 0)
        {
            throw new ItemException(ErrorCode.InvalidItem, "There are no token ids; give at least one.");
        }

        RequireTokens(tokens.TokenIds);
        return [.. tokens.TokenIds];
    }
}
