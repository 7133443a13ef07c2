using System.Globalization;
using Grpc.Core;
using Rlhf.Generator.Requests;
using Rlhf.V1;

namespace Rlhf.Generator.OpenAi;

/// <summary>Writes failures in the shape that OpenAI's clients read; after the first event of a stream, as its last one.</summary>
internal sealed partial class ErrorResponses(IHostApplicationLifetime lifetime, ILogger<ErrorResponses> logger)
{
    public async Task GuardAsync(HttpContext context, Func<HttpContext, Task> answerAsync)
    {
        try
        {
            await answerAsync(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone: there is nobody to tell, and its places in the batch are free.
        }
        catch (Exception exception)
        {
            var error = ToOpenAi(exception);
            if (error.Status >= StatusCodes.Status500InternalServerError)
            {
                LogFailure(logger, exception, context.Request.Path);
            }

            await WriteAsync(context, error);
        }
    }

    private static async Task WriteAsync(HttpContext context, OpenAiException error)
    {
        if (context.Response.HasStarted)
        {
            await new EventStream(context).SendAsync(error.ToJson());
            return;
        }

        context.Response.StatusCode = error.Status;
        if (error.RetryAfter is { } retryAfter)
        {
            context.Response.Headers.RetryAfter = ((int)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        await context.Response.WriteAsJsonAsync(error.ToJson(), context.RequestAborted);
    }

    private OpenAiException ToOpenAi(Exception exception) => exception switch
    {
        OpenAiException own => own,
        ItemException item => OfItem(item.Error),
        OverCapacityException full => OpenAiException.OverCapacity(full.Message, OverCapacityException.RetryAfter),
        BadHttpRequestException bad => new OpenAiException(bad.StatusCode, bad.Message),
        RpcException { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Internal } => new OpenAiException(
            StatusCodes.Status503ServiceUnavailable, "The Learner, which knows all versions but 'base', can't be reached; try again later."),
        OperationCanceledException when lifetime.ApplicationStopping.IsCancellationRequested => new OpenAiException(
            StatusCodes.Status503ServiceUnavailable, "The service is stopping; try again later."),
        _ => new OpenAiException(StatusCodes.Status500InternalServerError, "The request failed; the service's log says why."),
    };

    private static OpenAiException OfItem(ItemError error) => error.Code switch
    {
        ErrorCode.TooLong => new OpenAiException(StatusCodes.Status400BadRequest, error.Message, code: "context_length_exceeded"),
        ErrorCode.UnknownVersion => new OpenAiException(StatusCodes.Status404NotFound, $"{error.Message} GET /v1/models lists the models.", "model", "model_not_found"),
        ErrorCode.NotFinite => new OpenAiException(StatusCodes.Status500InternalServerError, error.Message),
        _ => OpenAiException.InvalidValue(error.Message, null),
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} failed")]
    private static partial void LogFailure(ILogger logger, Exception exception, string path);
}
