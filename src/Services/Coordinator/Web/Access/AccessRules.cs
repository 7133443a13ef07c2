namespace Rlhf.Coordinator.Web.Access;

/// <summary>Who may see what: on this machine everybody may look; from elsewhere only people with an account.</summary>
internal static class AccessRules
{
    // What is shown to people who have yet to sign in.
    private static readonly string[] _open = ["/join", "/sign-out", "/style.css", "/favicon.svg", "/js", "/health", "/alive"];

    /// <summary>Finds each request's visitor and turns those away who may not look.</summary>
    public static void UseAccessRules(this WebApplication app)
    {
        var access = app.Services.GetRequiredService<VisitorAccess>();
        app.Use(async (context, next) =>
        {
            if (ConsoleSecurity.IsGrpc(context.Request))
            {
                await next(context);
                return;
            }

            var visitor = await access.FindAsync(context, context.RequestAborted);
            context.Features.Set(visitor);
            if (!visitor.MayView && !_open.Any(path => context.Request.Path.StartsWithSegments(path)))
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return;
            }

            await next(context);
        });
        app.MapPost("/sign-out", static async (VisitorAccess access, HttpContext context, CancellationToken cancellationToken) =>
        {
            await access.SignOutAsync(context, cancellationToken);
            return Results.Redirect("/join");
        }).RequireAntiforgery();
    }
}
