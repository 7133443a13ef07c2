using Google.Protobuf;
using Microsoft.AspNetCore.Http.Features;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Reward.Http;

/// <summary>The HTTP door: ScoreBatch as JSON, and the form that trainers of the OpenRLHF kind speak.</summary>
internal sealed class ScoreEndpoints(ScoreCalls calls)
{
    private static readonly JsonFormatter s_formatter = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/score", (Delegate)ScoreAsync).AddEndpointFilter<ProblemFilter>();
        app.MapPost("/get_reward", (Delegate)GetRewardAsync).AddEndpointFilter<ProblemFilter>();
    }

    private async Task<IResult> ScoreAsync(HttpContext context)
    {
        var request = Parse(await ReadAsync(context));
        var response = await calls.ScoreAsync(request, Callers.NameOf(context), context.RequestAborted);
        return Results.Text(s_formatter.Format(response), "application/json");
    }

    private async Task<IResult> GetRewardAsync(HttpContext context)
    {
        var request = TrainerRequest.Read(await ReadAsync(context), context.Request.Query);
        var response = await calls.ScoreAsync(request, Callers.NameOf(context), context.RequestAborted);
        return TrainerResponse.Of(response.Results);
    }

    private static ScoreBatchRequest Parse(string json)
    {
        try
        {
            return JsonParser.Default.Parse<ScoreBatchRequest>(json);
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidJsonException)
        {
            throw new ArgumentException($"The body is no ScoreBatchRequest in JSON: {exception.Message}", "body", exception);
        }
    }

    private static async Task<string> ReadAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = GrpcLimits.MaxMessageBytes;
        }
        using var reader = new StreamReader(context.Request.Body);
        return await reader.ReadToEndAsync(context.RequestAborted);
    }
}
