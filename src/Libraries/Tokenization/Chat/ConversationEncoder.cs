namespace Rlhf.Tokenization.Chat;

/// <summary>
/// Conversations to token ids: by the model's own chat template where it has one, else as a <see cref="Transcript"/>. Any
/// thread may use it.
/// </summary>
public sealed class ConversationEncoder
{
    private readonly TextTokenizer _tokenizer;
    private readonly ChatTemplate? _template;

    // What stands between the generation prompt and the assistant's words (Llama-2's is a space).
    private readonly string _lead = "";
    private readonly TextPlace _place;

    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">The model's template; null where it has none.</param>
    /// <exception cref="InvalidDataException">The template can't render a question and an answer.</exception>
    internal ConversationEncoder(TextTokenizer tokenizer, ChatTemplate? template)
    {
        (_tokenizer, _template, EndId) = (tokenizer, template, tokenizer.EosId);
        if (template is not null)
        {
            (_lead, _place, EndId) = Probe(tokenizer, template);
        }
    }

    /// <summary>The token that ends the assistant's turn: the template's, else the one that ends a text.</summary>
    public int EndId { get; }

    /// <summary>Whether the model has a template of its own.</summary>
    public bool HasTemplate => _template is not null;

    /// <summary>Token ids up to where the assistant speaks, with what the model begins a sequence with.</summary>
    /// <param name="turns">At least one turn; a system turn may only come first.</param>
    /// <exception cref="ArgumentException">There are no turns, a role is unknown, a turn is empty, or the template refuses the conversation.</exception>
    /// <exception cref="InvalidDataException">The template can't render this conversation.</exception>
    public int[] Prompt(IReadOnlyList<ConversationTurn> turns)
    {
        if (_template is null)
        {
            return _tokenizer.Encode(Transcript.Render(turns));
        }

        Transcript.Require(turns);
        var guard = new SpecialTextGuard(_tokenizer.SpecialTexts, [_template.Source, .. turns.Select(turn => turn.Content)]);
        var text = _template.Render(
            [.. turns.Select(turn => turn with { Content = guard.Hide(turn.Content) })], addGenerationPrompt: true, _tokenizer.Bos, _tokenizer.Eos);
        return [.. _tokenizer.EncodeAt(text, TextPlace.Start, allowSpecial: true, guard).Ids];
    }

    /// <summary>Token ids of what the assistant says behind <see cref="Prompt"/>, without <see cref="EndId"/>.</summary>
    /// <param name="text">Its words. Texts of special tokens in it are text.</param>
    public int[] Response(string text) => _template is null
        ? _tokenizer.EncodeContinuation(text)
        : [.. _tokenizer.EncodeAt(_lead + text, _place, allowSpecial: false).Ids];

    // How the template goes from the generation prompt to an answer, and with which token it ends one, seen from one.
    private static (string Lead, TextPlace Place, int EndId) Probe(TextTokenizer tokenizer, ChatTemplate template)
    {
        const string Answer = "answer";
        try
        {
            ConversationTurn question = new("user", "question");
            var prompt = template.Render([question], addGenerationPrompt: true, tokenizer.Bos, tokenizer.Eos);
            var place = tokenizer.EncodeAt(prompt, TextPlace.Start, allowSpecial: true).Next;
            var whole = template.Render([question, new("assistant", Answer)], addGenerationPrompt: false, tokenizer.Bos, tokenizer.Eos);
            var lead = whole.StartsWith(prompt, StringComparison.Ordinal) && whole.IndexOf(Answer, prompt.Length, StringComparison.Ordinal) is var at && at > 0
                ? whole[prompt.Length..at] : "";
            var behind = whole[(whole.LastIndexOf(Answer, StringComparison.Ordinal) is var last && last >= 0 ? last + Answer.Length : whole.Length)..];
            return (string.IsNullOrWhiteSpace(lead) ? lead : "", place, tokenizer.AddedTokenAtStartOf(behind.TrimStart()) ?? tokenizer.EosId);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"The chat template refuses the simplest conversation, a question and an answer: {e.Message}", e);
        }
    }
}
