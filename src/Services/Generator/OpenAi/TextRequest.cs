using System.Text.Json;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Generator.OpenAi;

/// <summary>The body of POST /v1/completions.</summary>
/// <param name="Settings">What it has in common with chat completions.</param>
/// <param name="Prompts">One or several.</param>
/// <param name="Logprobs">How many of the likeliest tokens to name at each place; null where no log-probabilities are wanted.</param>
internal sealed record TextRequest(CompletionSettings Settings, IReadOnlyList<Prompt> Prompts, int? Logprobs)
{
    // OpenAI's own default and bound.
    private const long DefaultMaxTokens = 16;
    private const int MostLogprobs = 5;

    /// <exception cref="OpenAiException">A field is missing, malformed, out of range or not supported.</exception>
    public static TextRequest Read(RequestFields fields, GeneratorOptions options, TextTokenizer tokenizer)
    {
        var prompts = ReadPrompts(fields.Required("prompt"), tokenizer);
        var logprobs = fields.Integer("logprobs", 0, MostLogprobs);
        var settings = CompletionSettings.Take(fields, fields.Integer("max_tokens", 1, int.MaxValue) ?? DefaultMaxTokens, options.MaxSamplesPerPrompt);
        fields.Refuse("echo", CompletionSettings.IsFalse, "the prompt is not part of the answer; leave it out.");
        fields.Refuse("suffix", _ => false, "the models go on at the end of a text; leave it out.");
        if (fields.Integer("best_of", 1, int.MaxValue) is { } bestOf && bestOf != settings.Choices)
        {
            throw OpenAiException.Unsupported("best_of", "'best_of' is not supported; ask for 'n' answers and choose among them.");
        }

        fields.RequireNothingLeft();
        if (prompts.Count == 0 || (long)prompts.Count * settings.Choices > options.MaxItemsPerCall)
        {
            throw OpenAiException.InvalidValue(
                $"'prompt' has {prompts.Count} prompts, with n = {settings.Choices}; 1 to {options.MaxItemsPerCall} answers can be asked for at a time.", "prompt");
        }

        return new TextRequest(settings, prompts, (int?)logprobs);
    }

    // A text, texts, token ids, or lists of token ids.
    private static List<Prompt> ReadPrompts(JsonElement json, TextTokenizer tokenizer) => json.ValueKind switch
    {
        JsonValueKind.String => [new Prompt { Text = RequestFields.TextOf(json, "prompt") }],
        JsonValueKind.Array when json.EnumerateArray().FirstOrDefault().ValueKind == JsonValueKind.Number => [Tokens(json, "prompt", tokenizer)],
        JsonValueKind.Array => [.. json.EnumerateArray().Select((prompt, i) => prompt.ValueKind == JsonValueKind.Array
            ? Tokens(prompt, $"prompt[{i}]", tokenizer)
            : new Prompt { Text = RequestFields.TextOf(prompt, $"prompt[{i}]") })],
        _ => throw RequestFields.WrongType("prompt", "a string, an array of strings, or one or several arrays of token ids"),
    };

    private static Prompt Tokens(JsonElement json, string path, TextTokenizer tokenizer) => new()
    {
        Tokens = new TokenSequence
        {
            TokenizerHash = tokenizer.Hash,
            TokenIds =
            {
                json.EnumerateArray().Select((id, i) => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var token)
                    ? token
                    : throw RequestFields.WrongType($"{path}[{i}]", "a token id")),
            },
        },
    };
}
