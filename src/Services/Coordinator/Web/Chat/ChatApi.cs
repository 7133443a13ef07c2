using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;

namespace Rlhf.Coordinator.Web.Chat;

/// <summary>What the page "Try it" calls: JSON in, server-sent events out.</summary>
internal static class ChatApi
{
    private const int MaxBodyBytes = 1024 * 1024;

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public static void MapChatApi(this WebApplication app) =>
        app.MapPost("/api/try", static async Task<IResult> (HttpContext context, ChatRelay relay, CancellationToken cancellationToken) =>
        {
            try
            {
                var request = await context.Request.ReadFromJsonAsync<ChatRequest>(_json, cancellationToken) ?? throw new ArgumentException("the request is empty");
                request.Check();
                return TypedResults.ServerSentEvents(LinesAsync(relay.AnswerAsync(request, cancellationToken)));
            }
            catch (Exception exception) when (exception is ArgumentException or JsonException)
            {
                return Results.Problem(exception.Message, statusCode: StatusCodes.Status400BadRequest);
            }
        }).RequireAntiforgery().WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes));

    // JSON in one line each: an answer's own line ends would end an event's.
    private static async IAsyncEnumerable<string> LinesAsync(IAsyncEnumerable<ChatEvent> events)
    {
        await foreach (var happened in events)
        {
            yield return JsonSerializer.Serialize(happened, _json);
        }
    }
}
