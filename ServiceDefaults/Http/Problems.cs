using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Rlhf.ServiceDefaults;

/// <summary>gRPC statuses as HTTP's problem details (RFC 9457, before it RFC 7807).</summary>
public static class Problems
{
    private static readonly EnumDescriptor s_codes = CodeReflection.Descriptor.EnumTypes.First(type => type.Name == nameof(Code));

    /// <summary>
    /// The answer to a call that failed: <c>detail</c> is the status's text, <c>code</c> its name in gRPC, <c>violations</c> the fields
    /// to blame. A time to try again becomes the header Retry-After, in seconds.
    /// </summary>
    /// <param name="error">The status.</param>
    /// <param name="extensions">Further members.</param>
    public static IResult Of(RpcException error, params (string Name, object? Value)[] extensions)
    {
        ArgumentNullException.ThrowIfNull(error);
        var rich = error.GetRpcStatus();
        var members = new Dictionary<string, object?> { ["code"] = s_codes.FindValueByNumber((int)error.StatusCode).Name };
        if (rich?.GetDetail<BadRequest>() is { } bad)
        {
            members["violations"] = bad.FieldViolations.Select(violation => new { field = violation.Field, description = violation.Description }).ToArray();
        }
        foreach (var (name, value) in extensions)
        {
            members[name] = value;
        }
        var problem = Results.Problem(error.Status.Detail, statusCode: HttpStatusOf(error.StatusCode), extensions: members);
        return rich?.GetDetail<RetryInfo>() is { } retry ? new WithRetryAfter(problem, retry.RetryDelay.ToTimeSpan()) : problem;
    }

    // The mapping that google/rpc/code.proto publishes.
    private static int HttpStatusOf(StatusCode code) => code switch
    {
        StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.OutOfRange => StatusCodes.Status400BadRequest,
        StatusCode.Unauthenticated => StatusCodes.Status401Unauthorized,
        StatusCode.PermissionDenied => StatusCodes.Status403Forbidden,
        StatusCode.NotFound => StatusCodes.Status404NotFound,
        StatusCode.AlreadyExists or StatusCode.Aborted => StatusCodes.Status409Conflict,
        StatusCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        StatusCode.Cancelled => StatusCodes.Status499ClientClosedRequest,
        StatusCode.Unimplemented => StatusCodes.Status501NotImplemented,
        StatusCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        StatusCode.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };

    private sealed class WithRetryAfter(IResult problem, TimeSpan delay) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.RetryAfter = $"{Math.Max(1, Math.Ceiling(delay.TotalSeconds)):F0}";
            return problem.ExecuteAsync(httpContext);
        }
    }
}
