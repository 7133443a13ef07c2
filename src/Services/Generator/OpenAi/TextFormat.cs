using System.Text.Json.Nodes;
using Rlhf.Generator.Engine;

namespace Rlhf.Generator.OpenAi;

/// <summary>Text completions: the text as it goes on from the prompt.</summary>
/// <param name="request">What was asked.</param>
/// <param name="promptLengths">Characters of each prompt; tokens are counted from its start.</param>
/// <param name="texts">Tokens as text.</param>
internal sealed class TextFormat(TextRequest request, IReadOnlyList<int> promptLengths, TokenTexts texts) : ICompletionFormat
{
    private readonly int[] _offsets = [.. promptLengths.SelectMany(length => Enumerable.Repeat(length, request.Settings.Choices))];

    public string IdPrefix => "cmpl-";

    public string ObjectName => "text_completion";

    public string ChunkObjectName => "text_completion";

    public int Alternatives => request.Logprobs ?? 0;

    public JsonObject? First(int index) => null;

    public JsonObject? Chunk(StreamedToken token) =>
        token.Token.Text.Length > 0 || token.Token.Finish is not null || request.Logprobs is not null ? Choice(token.Index, [token]) : null;

    public JsonObject Choice(int index, IReadOnlyList<StreamedToken> tokens) => new()
    {
        ["index"] = index,
        ["text"] = string.Concat(tokens.Select(token => token.Token.Text)),
        ["logprobs"] = request.Logprobs is null ? null : Logprobs(index, tokens.Where(token => !ChatFormat.IsEnd(token))),
        ["finish_reason"] = ChatFormat.FinishReason(tokens[^1].Token.Finish),
    };

    private JsonObject Logprobs(int index, IEnumerable<StreamedToken> tokens)
    {
        var (words, logprobs, offsets, top) = (new JsonArray(), new JsonArray(), new JsonArray(), new JsonArray());
        foreach (var (_, token) in tokens)
        {
            var text = texts.Of(token.Token);
            words.Add((JsonNode)text);
            logprobs.Add(TokenTexts.Number(token.Logprob));
            offsets.Add((JsonNode)_offsets[index]);
            _offsets[index] += text.Length;
            var alternatives = new JsonObject();
            foreach (var alternative in token.Alternatives)
            {
                alternatives.TryAdd(texts.Of(alternative.Token), TokenTexts.Number(alternative.Logprob));
            }

            // As OpenAI does, the drawn token is always among them.
            alternatives.TryAdd(text, TokenTexts.Number(token.Logprob));
            top.Add((JsonNode)alternatives);
        }

        return new JsonObject
        {
            ["tokens"] = words,
            ["token_logprobs"] = logprobs,
            ["text_offset"] = offsets,
            ["top_logprobs"] = request.Logprobs > 0 ? top : null,
        };
    }
}
