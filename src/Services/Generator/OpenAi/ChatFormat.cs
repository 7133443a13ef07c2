using System.Text.Json.Nodes;
using Rlhf.Generator.Engine;
using Rlhf.Generator.Requests;
using Rlhf.LanguageModels.Sampling;

namespace Rlhf.Generator.OpenAi;

/// <summary>Chat completions: a message without the white space at its ends.</summary>
internal sealed class ChatFormat(ChatRequest request, TokenTexts texts) : ICompletionFormat
{
    private readonly TrimmedText[] _trimmed = [.. Enumerable.Range(0, request.Settings.Choices).Select(_ => new TrimmedText())];

    public string IdPrefix => "chatcmpl-";

    public string ObjectName => "chat.completion";

    public string ChunkObjectName => "chat.completion.chunk";

    public int Alternatives => request.TopLogprobs;

    public JsonObject? First(int index) => ChunkChoice(index, new JsonObject { ["role"] = "assistant", ["content"] = "", ["refusal"] = null }, null, null);

    public JsonObject? Chunk(StreamedToken token)
    {
        var text = _trimmed[token.Index].Append(token.Token.Text);
        var logprobs = Logprobs([token]);
        var delta = text.Length > 0 || (request.HasLogprobs && !IsEnd(token)) ? new JsonObject { ["content"] = text } : [];
        return delta.Count > 0 || token.Token.Finish is not null ? ChunkChoice(token.Index, delta, logprobs, FinishReason(token.Token.Finish)) : null;
    }

    public JsonObject Choice(int index, IReadOnlyList<StreamedToken> tokens) => new()
    {
        ["index"] = index,
        ["message"] = new JsonObject
        {
            ["role"] = "assistant",
            ["content"] = string.Concat(tokens.Select(token => token.Token.Text)).Trim(),
            ["refusal"] = null,
        },
        ["logprobs"] = Logprobs(tokens),
        ["finish_reason"] = FinishReason(tokens[^1].Token.Finish),
    };

    public static string? FinishReason(FinishKind? finish) => finish switch
    {
        null => null,
        FinishKind.Length => "length",
        _ => "stop",
    };

    /// <summary>Whether it is the token that ends a sequence, which is no part of the answer.</summary>
    public static bool IsEnd(StreamedToken token) => token.Token.Finish is FinishKind.EndOfSequence;

    private static JsonObject ChunkChoice(int index, JsonObject delta, JsonObject? logprobs, string? finishReason) => new()
    {
        ["index"] = index,
        ["delta"] = delta,
        ["logprobs"] = logprobs,
        ["finish_reason"] = finishReason,
    };

    private JsonObject? Logprobs(IEnumerable<StreamedToken> tokens) => request.HasLogprobs
        ? new JsonObject
        {
            ["content"] = new JsonArray([.. tokens.Where(token => !IsEnd(token)).Select(token =>
            {
                var entry = Entry(token.Token.Token, token.Token.Logprob);
                entry["top_logprobs"] = new JsonArray([.. token.Token.Alternatives.Select(alternative => Entry(alternative.Token, alternative.Logprob))]);
                return entry;
            })]),
            ["refusal"] = null,
        }
        : null;

    private JsonObject Entry(int token, float logprob)
    {
        var text = texts.Of(token);
        return new JsonObject { ["token"] = text, ["logprob"] = TokenTexts.Number(logprob), ["bytes"] = TokenTexts.Bytes(text) };
    }
}
