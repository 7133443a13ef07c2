using System.Text.Json.Nodes;
using Rlhf.Generator.Requests;
using Rlhf.Tokenization;

namespace Rlhf.Generator.OpenAi;

/// <summary>The HTTP door: the part of OpenAI's API that a pool of language models can answer.</summary>
internal sealed class OpenAiEndpoints(
    CompletionRunner runner, WaitingRoom room, ModelCatalog catalog, GeneratorOptions options, TextTokenizer tokenizer, ErrorResponses errors)
{
    private readonly TokenTexts _texts = new(tokenizer);

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/models", (HttpContext context) => errors.GuardAsync(context, ListModelsAsync));
        app.MapGet("/v1/models/{**id}", (HttpContext context, string id) => errors.GuardAsync(context, c => GetModelAsync(c, id)));
        app.MapPost("/v1/chat/completions", (HttpContext context) => errors.GuardAsync(context, ChatAsync));
        app.MapPost("/v1/completions", (HttpContext context) => errors.GuardAsync(context, CompleteAsync));
        app.Map("/v1/{**rest}", (HttpContext context) => errors.GuardAsync(context, RefuseAsync));
    }

    private async Task ListModelsAsync(HttpContext context)
    {
        var models = await catalog.ListAsync(context.RequestAborted);
        await context.Response.WriteAsJsonAsync(new JsonObject { ["object"] = "list", ["data"] = new JsonArray([.. models]) }, context.RequestAborted);
    }

    private async Task GetModelAsync(HttpContext context, string id)
    {
        // The server leaves an escaped slash as it is.
        var name = id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var models = await catalog.ListAsync(context.RequestAborted);
        var found = models.FirstOrDefault(model => (string?)model["id"] == name) ?? throw OpenAiException.UnknownModel(name);
        await context.Response.WriteAsJsonAsync(found, context.RequestAborted);
    }

    private async Task ChatAsync(HttpContext context)
    {
        var request = ChatRequest.Read(await RequestBody.ReadAsync(context, options.MaxRequestBytes), options);
        using var places = room.Enter(1);
        var prompts = await runner.PrepareAsync([request.Prompt], request.Settings, context.RequestAborted);
        await runner.RunAsync(context, prompts, request.Settings, new ChatFormat(request, _texts));
    }

    private async Task CompleteAsync(HttpContext context)
    {
        var request = TextRequest.Read(await RequestBody.ReadAsync(context, options.MaxRequestBytes), options, tokenizer);
        using var places = room.Enter(request.Prompts.Count);
        var prompts = await runner.PrepareAsync(request.Prompts, request.Settings, context.RequestAborted);
        var lengths = prompts.Select(prompt => tokenizer.Decode(prompt.PromptTokens).Length).ToList();
        await runner.RunAsync(context, prompts, request.Settings, new TextFormat(request, lengths, _texts));
    }

    private static Task RefuseAsync(HttpContext context) => throw new OpenAiException(
        StatusCodes.Status404NotFound,
        $"Unknown request URL: {context.Request.Method} {context.Request.Path}; there are GET /v1/models, POST /v1/chat/completions and POST /v1/completions.",
        code: "unknown_url");
}
