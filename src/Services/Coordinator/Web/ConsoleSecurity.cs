using System.Net;
using Microsoft.AspNetCore.Antiforgery;
using Rlhf.Coordinator.Web.Access;

namespace Rlhf.Coordinator.Web;

/// <summary>What keeps foreign pages and foreign script out of the console.</summary>
internal static class ConsoleSecurity
{
    /// <summary>Scripts send the antiforgery token in this header.</summary>
    public const string TokenHeader = "X-Antiforgery-Token";

    // Pages show text that models and people wrote: even if one slipped in as markup, nothing foreign would run or be sent.
    private const string ContentPolicy =
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Headers on every answer; refusal of foreign hosts and of changes that another site asked for.</summary>
    public static void UseConsoleSecurity(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<ConsoleOptions>();
        app.Use(async (context, next) =>
        {
            if (IsGrpc(context.Request))
            {
                await next(context);
                return;
            }

            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = ContentPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            if (IsForeignHost(context, options))
            {
                await RefuseAsync(context, StatusCodes.Status421MisdirectedRequest,
                    $"This console listens on loopback and is not reached as '{context.Request.Host.Host}'; use localhost, or add the name to Console:Hosts.");
            }
            else if (IsUnsafe(context.Request.Method) && !IsSameOrigin(context.Request))
            {
                await RefuseAsync(context, StatusCodes.Status403Forbidden, "Another site asked for this change; it was refused.");
            }
            else
            {
                await next(context);
            }
        });
    }

    /// <summary>Whether this is a call of a gRPC service, which programs make and browsers can't.</summary>
    public static bool IsGrpc(HttpRequest request) => request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true;

    /// <summary>Requires a page's token, in a form's field or in <see cref="TokenHeader"/>.</summary>
    public static TBuilder RequireAntiforgery<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.AddEndpointFilter(static async (context, next) =>
        {
            var antiforgery = context.HttpContext.RequestServices.GetRequiredService<IAntiforgery>();
            return await antiforgery.IsRequestValidAsync(context.HttpContext)
                ? await next(context)
                : Results.Problem("The page's token is missing or old; load the page again.", statusCode: StatusCodes.Status400BadRequest);
        });

    private static bool IsForeignHost(HttpContext context, ConsoleOptions options) =>
        context.Connection.LocalIpAddress is { } address && IPAddress.IsLoopback(address)
        && !Visitor.IsLoopbackName(context.Request.Host.Host)
        && !options.Hosts.Contains(context.Request.Host.Host, StringComparer.OrdinalIgnoreCase);

    private static bool IsUnsafe(string method) =>
        !(HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method));

    // Browsers say where a request comes from; a program that says nothing still needs the token.
    private static bool IsSameOrigin(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site is not ("" or "same-origin" or "none"))
        {
            return false;
        }

        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(why, context.RequestAborted);
    }
}
