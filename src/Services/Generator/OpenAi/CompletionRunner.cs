using System.Text.Json.Nodes;
using Rlhf.Generator.Engine;
using Rlhf.Generator.Requests;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Generator.OpenAi;

/// <summary>Draws the answers of a request and writes them, whole or as events.</summary>
internal sealed class CompletionRunner(PromptSampler sampler, TextTokenizer tokenizer)
{
    /// <summary>Checks prompts, which share the version and the settings.</summary>
    /// <exception cref="ItemException">One can't be done.</exception>
    public async Task<IReadOnlyList<PreparedPrompt>> PrepareAsync(IReadOnlyList<Prompt> prompts, CompletionSettings settings, CancellationToken cancellationToken)
    {
        var prepared = new List<PreparedPrompt>(prompts.Count);
        foreach (var prompt in prompts)
        {
            prepared.Add(await sampler.PrepareAsync(prompt, settings.Model, settings.Sampling, settings.Choices, cancellationToken));
        }

        return prepared;
    }

    /// <summary>Answers; nothing is written before the first token is there.</summary>
    public async Task RunAsync(HttpContext context, IReadOnlyList<PreparedPrompt> prompts, CompletionSettings settings, ICompletionFormat format)
    {
        var version = prompts[0].Version;
        var usage = new Usage(prompts.Sum(prompt => prompt.PromptTokens.Length));
        var responses = prompts.SelectMany(prompt => prompt.Requests).ToList();
        var tokens = sampler.StreamAsync(version, responses, format.Alternatives, context.RequestAborted);
        var answer = new AnswerHead(format, version.VersionId, tokenizer.Hash);
        if (settings.IsStream)
        {
            await StreamAsync(context, tokens, responses.Count, answer, settings.HasUsageChunk ? usage : null, format);
        }
        else
        {
            await WriteAsync(context, tokens, responses.Count, answer, usage, format);
        }
    }

    private static async Task WriteAsync(
        HttpContext context, IAsyncEnumerable<StreamedToken> tokens, int responses, AnswerHead answer, Usage usage, ICompletionFormat format)
    {
        var drawn = Enumerable.Range(0, responses).Select(_ => new List<StreamedToken>()).ToList();
        await foreach (var token in tokens)
        {
            drawn[token.Index].Add(token);
        }

        usage.CompletionTokens = drawn.Sum(response => response.Count);
        var body = answer.Whole(drawn.Index().Select(response => format.Choice(response.Index, response.Item)));
        body["usage"] = usage.ToJson();
        await context.Response.WriteAsJsonAsync(body, context.RequestAborted);
    }

    private static async Task StreamAsync(
        HttpContext context, IAsyncEnumerable<StreamedToken> tokens, int responses, AnswerHead answer, Usage? usage, ICompletionFormat format)
    {
        // A stream with usage says in each chunk that it is not known yet.
        JsonObject Chunk(IEnumerable<JsonObject> choices, JsonObject? total = null)
        {
            var chunk = answer.Chunk(choices);
            if (usage is not null)
            {
                chunk["usage"] = total;
            }

            return chunk;
        }

        var events = new EventStream(context);
        var drawn = 0;
        await foreach (var token in tokens)
        {
            if (drawn++ == 0)
            {
                events.Begin();
                foreach (var first in Enumerable.Range(0, responses).Select(format.First).OfType<JsonObject>())
                {
                    await events.SendAsync(Chunk([first]));
                }
            }

            if (format.Chunk(token) is { } choice)
            {
                await events.SendAsync(Chunk([choice]));
            }
        }

        if (usage is not null)
        {
            usage.CompletionTokens = drawn;
            await events.SendAsync(Chunk([], usage.ToJson()));
        }

        await events.EndAsync();
    }
}
