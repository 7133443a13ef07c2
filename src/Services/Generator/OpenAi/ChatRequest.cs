using System.Text.Json;
using Rlhf.V1;

namespace Rlhf.Generator.OpenAi;

/// <summary>The body of POST /v1/chat/completions.</summary>
/// <param name="Settings">What it has in common with text completions.</param>
/// <param name="Prompt">The conversation.</param>
/// <param name="HasLogprobs">Whether log-probabilities are wanted.</param>
/// <param name="TopLogprobs">How many of the likeliest tokens to name at each place.</param>
internal sealed record ChatRequest(CompletionSettings Settings, Prompt Prompt, bool HasLogprobs, int TopLogprobs)
{
    private const int MostTopLogprobs = 20; // OpenAI's own bound

    /// <exception cref="OpenAiException">A field is missing, malformed, out of range or not supported.</exception>
    public static ChatRequest Read(RequestFields fields, GeneratorOptions options)
    {
        var prompt = new Prompt { Conversation = new Conversation { Messages = { Messages(fields.Required("messages")) } } };
        var hasLogprobs = fields.Flag("logprobs");
        var top = (int)(fields.Integer("top_logprobs", 0, MostTopLogprobs) ?? 0);
        if (top > 0 && !hasLogprobs)
        {
            throw OpenAiException.InvalidValue("'top_logprobs' is only for requests with 'logprobs': true.", "top_logprobs");
        }

        var settings = CompletionSettings.Take(fields, MaxTokens(fields) ?? options.DefaultMaxTokens, options.MaxSamplesPerPrompt);
        RefuseUnsupported(fields);
        fields.RequireNothingLeft();
        return new ChatRequest(settings, prompt, hasLogprobs, top);
    }

    private static long? MaxTokens(RequestFields fields)
    {
        var old = fields.Integer("max_tokens", 1, int.MaxValue);
        var current = fields.Integer("max_completion_tokens", 1, int.MaxValue);
        return old is null || current is null
            ? old ?? current
            : throw OpenAiException.InvalidValue("'max_tokens' and 'max_completion_tokens' are the same thing; give one of them.", "max_tokens");
    }

    private static IEnumerable<ChatMessage> Messages(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array)
        {
            throw RequestFields.WrongType("messages", "an array");
        }

        foreach (var (index, json) in messages.EnumerateArray().Index())
        {
            var path = $"messages[{index}].";
            var message = new RequestFields(json, path);
            var role = message.RequiredText("role");
            var content = Content(message.Required("content"), path + "content");
            foreach (var name in (string[])["name", "tool_calls", "function_call", "tool_call_id", "audio", "refusal"])
            {
                message.Refuse(name, _ => false, "leave it out.");
            }

            message.RequireNothingLeft();
            yield return new ChatMessage
            {
                // "developer" is the newer name of the same thing.
                Role = role is "user" or "assistant" or "system" ? role
                    : role is "developer" ? "system"
                    : throw OpenAiException.InvalidValue($"'{path}role' is '{role}'; it must be 'system', 'developer', 'user' or 'assistant'.", path + "role"),
                Content = content,
            };
        }
    }

    private static string Content(JsonElement content, string path)
    {
        if (content.ValueKind != JsonValueKind.Array)
        {
            return RequestFields.TextOf(content, path);
        }

        return string.Concat(content.EnumerateArray().Select((json, i) =>
        {
            var part = new RequestFields(json, $"{path}[{i}].");
            var type = part.RequiredText("type");
            if (type != "text")
            {
                throw OpenAiException.Unsupported($"{path}[{i}].type", $"'{path}[{i}].type' is '{type}'; the models read text only.");
            }

            var text = part.RequiredText("text");
            part.RequireNothingLeft();
            return text;
        }));
    }

    private static void RefuseUnsupported(RequestFields fields)
    {
        foreach (var list in (string[])["tools", "functions"])
        {
            fields.Refuse(list, value => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0, "the models call no tools; leave it out.");
        }

        foreach (var choice in (string[])["tool_choice", "function_call"])
        {
            fields.Refuse(choice, value => value.ValueKind == JsonValueKind.String && value.ValueEquals("none"), "the models call no tools; leave it out.");
        }

        fields.Refuse("response_format", IsTextFormat, "answers are plain text; leave it out.");
        fields.Refuse("modalities", value => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(m => IsText(m, "text")), "answers are text; leave it out.");
        fields.Refuse("store", CompletionSettings.IsFalse, "nothing is stored; leave it out.");
        fields.Refuse("service_tier", value => IsText(value, "auto") || IsText(value, "default"), "there is one tier; leave it out.");
        foreach (var name in (string[])["audio", "prediction", "reasoning_effort", "verbosity", "web_search_options", "moderation"])
        {
            fields.Refuse(name, _ => false, "leave it out.");
        }

        fields.Ignore("parallel_tool_calls"); // says nothing where no tools are called
    }

    private static bool IsText(JsonElement value, string text) => value.ValueKind == JsonValueKind.String && value.ValueEquals(text);

    private static bool IsTextFormat(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(field => field.NameEquals("type") && IsText(field.Value, "text"));
}
