using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Web.Access;

namespace Rlhf.Coordinator.Web.Labelling;

/// <summary>What the labelling page's script calls: JSON in and out, with the page's token and the session's cookie.</summary>
internal static class LabellingApi
{
    private const int MaxBodyBytes = 64 * 1024;

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public static void MapLabellingApi(this WebApplication app)
    {
        var label = app.MapGroup("/api/label").RequireAntiforgery().WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes));
        MapPost<NextPairRequest>(label, "next", static async (desk, who, body, token) => await desk.NextAsync(who, body.RunId, body.Held, token));
        MapPost<LabelRequest>(label, "submit", static async (desk, who, body, token) => await desk.SubmitAsync(
            who, body.LeaseId, new LabelInput(body.Verdict, body.Strength, body.Reason, body.ElapsedMs), token));
        MapPost<UndoRequest>(label, "undo", static async (desk, who, body, token) => await desk.UndoAsync(who, body.RunId, body.LeaseId, token));
        MapPost<ProgressRequest>(label, "progress", static async (desk, who, body, token) => await desk.ProgressAsync(who, body.RunId, token));
    }

    private static void MapPost<TRequest>(
        RouteGroupBuilder group, string name, Func<ComparisonDesk, Labeller, TRequest, CancellationToken, Task<object>> answer)
        where TRequest : class =>
        group.MapPost(name, async Task<IResult> (HttpContext context, ComparisonDesk desk, CancellationToken cancellationToken) =>
        {
            if (Visitor.Of(context).Labeller is not { } who)
            {
                return Problem(StatusCodes.Status401Unauthorized, "You are not signed in any more; open your invitation, or ask a lead for a new one.");
            }

            try
            {
                return await context.Request.ReadFromJsonAsync<TRequest>(_json, cancellationToken) is { } body
                    ? Results.Json(await answer(desk, who, body, cancellationToken), _json)
                    : Problem(StatusCodes.Status400BadRequest, "the request is empty");
            }
            catch (RefusedException exception)
            {
                return Problem(StatusOf(exception.Refusal), exception.Message);
            }
            catch (Exception exception) when (exception is ArgumentException or JsonException)
            {
                return Problem(StatusCodes.Status400BadRequest, exception.Message);
            }
        });

    private static int StatusOf(Refusal refusal) => refusal switch
    {
        Refusal.NotFound => StatusCodes.Status404NotFound,
        Refusal.Forbidden => StatusCodes.Status403Forbidden,
        _ => StatusCodes.Status409Conflict,
    };

    private static IResult Problem(int status, string detail) => Results.Problem(detail, statusCode: status);
}
