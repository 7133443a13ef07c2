using Rlhf.Coordinator.Web.Access;

namespace Rlhf.Coordinator.Exchange;

/// <summary>Runs out of the ledger, and preference files into it, over HTTP.</summary>
internal static class ExchangeEndpoints
{
    private const string JsonLinesType = "application/jsonl";

    // Forms and scripts of other sites can't send these without asking first.
    private static readonly string[] _types = [JsonLinesType, "application/x-ndjson"];

    /// <summary>Adds what the endpoints need.</summary>
    public static IServiceCollection AddExchange(this IServiceCollection services) => services
        .AddSingleton<LedgerExport>()
        .AddSingleton<PreferenceImport>()
        .AddSingleton<PreferenceSources>()
        .AddUploadLimit();

    /// <summary>Maps GET /api/runs/{runId}/export?format= and POST /api/imports?name=.</summary>
    public static void MapExchange(this WebApplication app)
    {
        app.MapGet("/api/runs/{runId}/export", ExportAsync);
        app.MapPost("/api/imports", ImportAsync);
    }

    private static async Task<IResult> ExportAsync(string runId, string? format, LedgerExport export, CancellationToken cancellationToken)
    {
        if (!LedgerExport.Formats.TryGetValue(format ?? "", out var known))
        {
            return Refusal(StatusCodes.Status400BadRequest, $"format is '{format}'; there are: {string.Join(", ", LedgerExport.Formats.Keys)}");
        }

        return await export.HasRunAsync(runId, cancellationToken)
            ? Results.Stream(stream => export.WriteAsync(runId, known, stream, cancellationToken), JsonLinesType, $"{runId}.{format}.jsonl")
            : Refusal(StatusCodes.Status404NotFound, $"the ledger has no run '{runId}'");
    }

    private static async Task<IResult> ImportAsync(
        HttpRequest request, string? name, ImportOptions options, PreferenceImport import, CancellationToken cancellationToken)
    {
        if (!Visitor.Of(request.HttpContext).MayOperate)
        {
            return Refusal(StatusCodes.Status403Forbidden, "only leads import files; send a lead's token as 'Authorization: Bearer TOKEN'");
        }

        if (!_types.Contains(request.ContentType, StringComparer.OrdinalIgnoreCase))
        {
            return Refusal(StatusCodes.Status415UnsupportedMediaType, $"the content type is '{request.ContentType}'; send lines of JSON as {JsonLinesType}");
        }

        if (string.IsNullOrWhiteSpace(name) || name.Length > PreferenceImport.MaxNameLength)
        {
            return Refusal(StatusCodes.Status400BadRequest, $"give the file a name of 1 to {PreferenceImport.MaxNameLength} characters: ?name=…");
        }

        return UploadLimit.Admits(request.HttpContext, options.MaxBytes) ? await ImportBodyAsync(request, name, options, import, cancellationToken) : TooLarge(options);
    }

    private static async Task<IResult> ImportBodyAsync(
        HttpRequest request, string name, ImportOptions options, PreferenceImport import, CancellationToken cancellationToken)
    {
        try
        {
            var (report, isNew) = await import.ImportAsync(request.Body, name, cancellationToken);
            return Results.Json(report, statusCode: report.RunId is null
                ? StatusCodes.Status422UnprocessableEntity
                : isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
        }
        catch (InvalidDataException exception)
        {
            return Refusal(StatusCodes.Status415UnsupportedMediaType, exception.Message);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return TooLarge(options);
        }
    }

    private static IResult TooLarge(ImportOptions options) => Refusal(
        StatusCodes.Status413PayloadTooLarge, $"the file is larger than {options.MaxMegabytes} MB; split it, or raise Import:MaxMegabytes");

    private static IResult Refusal(int status, string sentence) => Results.Problem(sentence, statusCode: status);
}
