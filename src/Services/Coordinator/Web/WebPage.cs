using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Rlhf.Coordinator.Reports;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Web;

/// <summary>The web page and the JSON it reads. Everything it needs comes from this process.</summary>
internal static class WebPage
{
    private static readonly TimeSpan _eventInterval = TimeSpan.FromMilliseconds(400);

    /// <summary>A page that is left open on a quiet run still learns within this time that its connection is gone.</summary>
    private static readonly TimeSpan _heartbeat = TimeSpan.FromSeconds(15);

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static void MapWebPage(this WebApplication app)
    {
        app.Use(static (context, next) =>
        {
            // The page shows text that models wrote: even if one slipped in as markup, nothing foreign would run.
            context.Response.Headers.ContentSecurityPolicy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return next(context);
        });
        app.UseDefaultFiles();
        app.UseStaticFiles();

        var runs = app.MapGroup("/api/runs");
        runs.MapGet("", static async (RunStore store, RunBoard board, CancellationToken cancellationToken) => Results.Json(
            (await store.ListAsync(cancellationToken)).Select(run => board.Find(run.RunId) ?? run), _json));
        runs.MapGet("{runId}/events", static (string runId, RunStore store, RunBoard board, CancellationToken cancellationToken) =>
            TypedResults.ServerSentEvents(EventsAsync(runId, store, board, cancellationToken)));
        runs.MapGet("{runId}/details", static async (string runId, RunDetailsReader reader, CancellationToken cancellationToken) =>
            Results.Json(await reader.ReadAsync(runId, cancellationToken), _json));
        runs.MapGet("{runId}/report", static async (string runId, ReportBuilder reports, CancellationToken cancellationToken) =>
            await reports.BuildAsync(runId, cancellationToken) is { } json ? Results.Content(json, "application/json") : Results.NotFound());
    }

    private static async IAsyncEnumerable<SseItem<string>> EventsAsync(
        string runId, RunStore store, RunBoard board, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await FindAsync() is { } run)
        {
            var change = board.Next;
            yield return new SseItem<string>(JsonSerializer.Serialize(run, _json), "run");
            await Task.WhenAny(change, Task.Delay(_heartbeat, cancellationToken));
            await Task.Delay(_eventInterval, cancellationToken);
        }

        async Task<RunSnapshot?> FindAsync() => board.Find(runId) ?? await store.FindAsync(runId, cancellationToken);
    }
}
