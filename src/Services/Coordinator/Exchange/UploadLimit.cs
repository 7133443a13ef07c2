using Microsoft.AspNetCore.Http.Features;
using Rlhf.Coordinator.Web.Access;

namespace Rlhf.Coordinator.Exchange;

/// <summary>How large a request with a file may be: more than others, and no more than imports are.</summary>
internal static class UploadLimit
{
    /// <summary>The page whose form sends files.</summary>
    public const string Page = "/ledger";

    // A form's own fields and borders beside its file.
    private const long FormBytes = 64 * 1024;

    /// <summary>Lets a form's file be as large as an import; the whole request is bounded before it is read as a form.</summary>
    public static IServiceCollection AddUploadLimit(this IServiceCollection services)
    {
        services.AddOptions<FormOptions>().Configure<ImportOptions>(static (form, import) => form.MultipartBodyLengthLimit = import.MaxBytes + FormBytes);
        return services;
    }

    /// <summary>Lets leads post files to the page; a larger one is refused before it is read as a form.</summary>
    public static void UseUploadLimit(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<ImportOptions>();
        app.Use(async (context, next) =>
        {
            if (HttpMethods.IsPost(context.Request.Method) && context.Request.Path == Page && Visitor.Of(context).MayOperate
                && !Admits(context, options.MaxBytes + FormBytes))
            {
                context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
                return;
            }

            await next(context);
        });
    }

    /// <summary>Bounds a request's body; false where it says itself that it is larger.</summary>
    public static bool Admits(HttpContext context, long mostBytes)
    {
        var isTooLarge = context.Request.ContentLength > mostBytes;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // Where the length is told, the server reads past what it refuses, so that the answer arrives.
            limit.MaxRequestBodySize = isTooLarge ? null : mostBytes;
        }

        return !isTooLarge;
    }
}
