using System.Text.Json;
using Rlhf.V1;

namespace Rlhf.Generator.OpenAi;

/// <summary>What chat and text completions have in common.</summary>
/// <param name="Model">A version id.</param>
/// <param name="Sampling">How to draw.</param>
/// <param name="Choices">n, responses a prompt.</param>
/// <param name="IsStream">Whether to send events.</param>
/// <param name="HasUsageChunk">Whether a stream ends with the usage.</param>
internal sealed record CompletionSettings(string Model, SamplingOptions Sampling, int Choices, bool IsStream, bool HasUsageChunk)
{
    /// <summary>Takes the common fields.</summary>
    /// <param name="fields">The body's.</param>
    /// <param name="maxTokens">The longest response.</param>
    /// <param name="maxChoices">The most responses a prompt.</param>
    /// <exception cref="OpenAiException">A value is out of range or would change the result and isn't supported.</exception>
    public static CompletionSettings Take(RequestFields fields, long maxTokens, int maxChoices)
    {
        var sampling = new SamplingOptions
        {
            Temperature = (float)(fields.Number("temperature", 0, 2) ?? 1),
            TopP = (float)(fields.Number("top_p", 0, 1) ?? 1),
            MaxNewTokens = (int)maxTokens,
            Stop = { StopTexts(fields.Take("stop")) },
            Seed = unchecked((ulong)(fields.Integer("seed", long.MinValue, long.MaxValue) ?? Random.Shared.NextInt64())),
        };
        var isStream = fields.Flag("stream");
        var hasUsage = TakeStreamOptions(fields, isStream);
        foreach (var penalty in (string[])["frequency_penalty", "presence_penalty"])
        {
            fields.Refuse(penalty, IsZero, "leave it out or give 0.");
        }

        fields.Refuse("logit_bias", value => value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any(), "leave it out.");
        fields.Ignore("user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_retention");
        return new CompletionSettings(
            fields.RequiredText("model"), sampling, (int)(fields.Integer("n", 1, maxChoices) ?? 1), isStream, hasUsage);
    }

    public static bool IsZero(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number == 0;

    public static bool IsFalse(JsonElement value) => value.ValueKind == JsonValueKind.False;

    private static IEnumerable<string> StopTexts(JsonElement? stop) => stop switch
    {
        null => [],
        { ValueKind: JsonValueKind.String } text => [RequestFields.TextOf(text, "stop")],
        { ValueKind: JsonValueKind.Array } texts => texts.EnumerateArray().Select((text, i) => RequestFields.TextOf(text, $"stop[{i}]")),
        _ => throw RequestFields.WrongType("stop", "a string or an array of strings"),
    };

    private static bool TakeStreamOptions(RequestFields fields, bool isStream)
    {
        if (fields.Take("stream_options") is not { } json)
        {
            return false;
        }

        if (!isStream)
        {
            throw OpenAiException.InvalidValue("'stream_options' is only for requests with 'stream': true.", "stream_options");
        }

        var options = new RequestFields(json, "stream_options.");
        var hasUsage = options.Flag("include_usage");
        options.Refuse("include_obfuscation", IsFalse, "chunks are never padded; leave it out or give false.");
        options.RequireNothingLeft();
        return hasUsage;
    }
}
