using System.Text.Json.Nodes;

namespace Rlhf.Generator.OpenAi;

/// <summary>Tokens of a request, those that ended a response included.</summary>
internal sealed class Usage(int promptTokens)
{
    public int CompletionTokens { get; set; }

    public JsonObject ToJson() => new()
    {
        ["prompt_tokens"] = promptTokens,
        ["completion_tokens"] = CompletionTokens,
        ["total_tokens"] = promptTokens + CompletionTokens,
    };
}
