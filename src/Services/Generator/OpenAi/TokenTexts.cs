using System.Text;
using System.Text.Json.Nodes;
using Rlhf.Tokenization;

namespace Rlhf.Generator.OpenAi;

/// <summary>Single tokens as text, with the space that begins a word.</summary>
internal sealed class TokenTexts
{
    private readonly TextTokenizer _tokenizer;
    private readonly int _before;
    private readonly int _lengthBefore;

    public TokenTexts(TextTokenizer tokenizer)
    {
        // Some tokenizers leave out a text's first space, so the token is read behind another one.
        (_tokenizer, _before) = (tokenizer, tokenizer.Encode("a")[^1]);
        _lengthBefore = tokenizer.Decode([_before]).Length;
    }

    /// <summary>The token's text; U+FFFD where it is part of a character.</summary>
    public string Of(int token) => _tokenizer.Decode([_before, token])[_lengthBefore..];

    /// <summary>The text as UTF-8; null where the token is part of a character.</summary>
    public static JsonArray? Bytes(string text) => text.Contains('\uFFFD')
        ? null
        : new JsonArray([.. Encoding.UTF8.GetBytes(text).Select(b => (JsonNode)b)]);

    /// <summary>A log-probability as JSON, which has no infinity: OpenAI writes −9999 for a token that is all but impossible.</summary>
    public static JsonNode Number(float logprob) => JsonValue.Create(float.IsFinite(logprob) ? logprob : -9999f);
}
