using Microsoft.AspNetCore.Http.HttpResults;
using Rlhf.Coordinator.Web.Layout;

namespace Rlhf.Coordinator.Web;

/// <summary>Answers without a body get a page that says what is wrong.</summary>
internal static class ConsoleErrors
{
    public static void UseConsoleErrors(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            // What a link names may be gone; that is no fault of this process.
            StatusCodeSelector = static exception => exception switch
            {
                KeyNotFoundException => StatusCodes.Status404NotFound,
                BadHttpRequestException bad => bad.StatusCode,
                _ => StatusCodes.Status500InternalServerError,
            },
            SuppressDiagnosticsCallback = static context => context.Exception is KeyNotFoundException or BadHttpRequestException,
            ExceptionHandler = static context => ExplainAsync(context),
        });
        app.UseStatusCodePages(static context => ExplainAsync(context.HttpContext));
    }

    private static async Task ExplainAsync(HttpContext context)
    {
        var status = context.Response.StatusCode;
        if (context.Request.Path.StartsWithSegments("/api"))
        {
            await Results.Problem(statusCode: status).ExecuteAsync(context);
            return;
        }

        // A page may have been begun before it turned out that there is none: what serves one rendering serves no second.
        context.Response.Headers.Remove("blazor-enhanced-nav");
        var begun = context.RequestServices;
        await using var scope = begun.CreateAsyncScope();
        context.RequestServices = scope.ServiceProvider;
        try
        {
            await new RazorComponentResult<App>(new { Problem = (int?)status }) { StatusCode = status }.ExecuteAsync(context);
        }
        finally
        {
            context.RequestServices = begun;
        }
    }
}
