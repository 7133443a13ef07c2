using Microsoft.AspNetCore.Http;

namespace Rlhf.ServiceDefaults;

/// <summary>What <see cref="ErrorInterceptor"/> is to gRPC, for HTTP endpoints: exceptions become problem details with the same codes.</summary>
public sealed partial class ProblemFilter(IHostApplicationLifetime lifetime, ILogger<ProblemFilter> logger) : IEndpointFilter
{
    /// <inheritdoc />
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        var http = context.HttpContext;
        try
        {
            return await next(context);
        }
        catch (BadHttpRequestException exception)
        {
            // Kestrel's own refusals: a body over the limit (413), one that broke off.
            return Results.Problem(exception.Message, statusCode: exception.StatusCode, extensions: new Dictionary<string, object?>
            {
                ["code"] = exception.StatusCode == StatusCodes.Status413PayloadTooLarge ? "RESOURCE_EXHAUSTED" : "INVALID_ARGUMENT",
            });
        }
        catch (Exception exception) when (CallErrors.Of(exception, DateTime.MaxValue, http.RequestAborted, lifetime.ApplicationStopping) is { } known)
        {
            return Problems.Of(known);
        }
        catch (Exception exception) // answered as INTERNAL, without its text
        {
            LogFailure(http.Request.Path, exception);
            return Problems.Of(CallErrors.Internal(http.Request.Path));
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} failed")]
    private partial void LogFailure(string path, Exception exception);
}
