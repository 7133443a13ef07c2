using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Rlhf.Coordinator.Reports;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Web;

/// <summary>Runs as JSON, events and files, for the console's scripts and for programs.</summary>
internal static class RunApi
{
    private static readonly TimeSpan _eventInterval = TimeSpan.FromMilliseconds(400);

    /// <summary>A page that is left open on a quiet run still learns within this time that its connection is gone.</summary>
    private static readonly TimeSpan _heartbeat = TimeSpan.FromSeconds(15);

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static void MapRunApi(this WebApplication app)
    {
        var runs = app.MapGroup("/api/runs");
        runs.MapGet("", static async (RunCommands commands, CancellationToken cancellationToken) =>
            Results.Json(await commands.ListAsync(cancellationToken), _json));
        runs.MapGet("events", static (RunBoard board, CancellationToken cancellationToken) =>
            TypedResults.ServerSentEvents(ListEventsAsync(board, cancellationToken)));
        runs.MapGet("{runId}/events", static async (string runId, RunCommands commands, RunBoard board, CancellationToken cancellationToken) =>
        {
            await commands.FindAsync(runId, cancellationToken);
            return TypedResults.ServerSentEvents(EventsAsync(runId, commands, board, cancellationToken));
        });
        runs.MapGet("{runId}/curves.csv", WriteCurvesAsync);
        runs.MapGet("{runId}/report", static async (string runId, ReportBuilder reports, bool? download, CancellationToken cancellationToken) =>
            await reports.BuildAsync(runId, cancellationToken) is not { } json ? Results.NotFound()
                : download == true ? Results.File(System.Text.Encoding.UTF8.GetBytes(json), "application/json", $"{runId}.json")
                : Results.Content(json, "application/json"));
    }

    private static async Task WriteCurvesAsync(
        string runId, string? stage, string? name, CurveReader curves, RunCommands commands, HttpResponse response, CancellationToken cancellationToken)
    {
        await commands.FindAsync(runId, cancellationToken);
        response.ContentType = "text/csv; charset=utf-8";
        response.Headers.ContentDisposition = $"attachment; filename=\"{string.Join('-', new[] { runId, stage, name }.OfType<string>())}.csv\"";
        await curves.WriteCsvAsync(runId, stage, name, response.Body, cancellationToken);
    }

    private static async IAsyncEnumerable<SseItem<string>> ListEventsAsync(RunBoard board, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var change = board.Next;
            yield return new SseItem<string>("", "changed");
            await Task.WhenAny(change, Task.Delay(_heartbeat, cancellationToken));
            await Task.Delay(_eventInterval, cancellationToken);
        }
    }

    private static async IAsyncEnumerable<SseItem<string>> EventsAsync(
        string runId, RunCommands commands, RunBoard board, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var change = board.Next;
            yield return new SseItem<string>(JsonSerializer.Serialize(await commands.FindAsync(runId, cancellationToken), _json), "run");
            await Task.WhenAny(change, Task.Delay(_heartbeat, cancellationToken));
            await Task.Delay(_eventInterval, cancellationToken);
        }
    }
}
