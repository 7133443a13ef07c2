using System.Text.Json;
using Rlhf.V1;

namespace Rlhf.Reward.Http;

/// <summary>
/// What OpenRLHF's trainers send to a remote reward model: <c>query</c>, each prompt and response in one text, and <c>prompts</c>. Other
/// members, such as <c>labels</c>, are not for a reward model. A trainer is given a URL and nothing else, so choices are in its query.
/// </summary>
internal static class TrainerRequest
{
    /// <exception cref="ArgumentException">The body or the URL's query is not as described; it names the field.</exception>
    public static ScoreBatchRequest Read(string json, IQueryCollection choices)
    {
        using var body = Parse(json);
        if (body.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new ArgumentException("The body must be a JSON object with 'query', a list of texts.", "body");
        }
        var texts = TextsOf(body.RootElement, "query") ?? throw new ArgumentException("'query' is missing; give a list of texts.", "query");
        if (TextsOf(body.RootElement, "prompts") is { } prompts)
        {
            if (prompts.Count != texts.Count)
            {
                throw new ArgumentException($"There are {prompts.Count} prompts for {texts.Count} texts in 'query'; give one for each, or none.", "prompts");
            }
            var bare = Enumerable.Range(0, texts.Count).FirstOrDefault(i => texts[i] == prompts[i], -1);
            if (bare >= 0)
            {
                throw new ArgumentException("The text is its prompt and nothing else; 'query' takes prompt and response together.", $"query[{bare}]");
            }
        }
        return new ScoreBatchRequest
        {
            Items = { texts.Select(text => new ScoreItem { WholeText = text }) },
            ModelVersion = choices["model_version"].ToString(),
            Head = choices["head"].ToString(),
            Truncation = choices["truncation"].ToString() switch
            {
                "" or "error" => TruncationPolicy.Error,
                "keep_end" => TruncationPolicy.KeepEnd,
                var other => throw new ArgumentException($"'{other}' is no truncation; there are 'error' and 'keep_end'.", "truncation"),
            },
        };
    }

    private static JsonDocument Parse(string json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException exception)
        {
            throw new ArgumentException($"The body is not JSON: {exception.Message}", "body", exception);
        }
    }

    private static List<string>? TextsOf(JsonElement body, string name)
    {
        if (!body.TryGetProperty(name, out var list) || (list.ValueKind == JsonValueKind.Null && name != "query"))
        {
            return null;
        }
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new ArgumentException($"'{name}' must be a list of texts.", name);
        }
        return [.. list.EnumerateArray().Select((text, i) => text.ValueKind == JsonValueKind.String
            ? text.GetString() ?? ""
            : throw new ArgumentException("Only texts can be scored.", $"{name}[{i}]"))];
    }
}
