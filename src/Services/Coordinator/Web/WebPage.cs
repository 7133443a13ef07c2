using Rlhf.Coordinator.Reports;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Web;

/// <summary>The web page and the JSON it reads.</summary>
internal static class WebPage
{
    public static void MapWebPage(this WebApplication app)
    {
        app.UseDefaultFiles();
        app.UseStaticFiles();
        app.MapGet("/api/runs/{runId}/report", static async (string runId, ReportBuilder reports, CancellationToken cancellationToken) =>
            await reports.BuildAsync(runId, cancellationToken) is { } json ? Results.Content(json, "application/json") : Results.NotFound());
        app.MapGet("/api/runs", static (RunStore store, CancellationToken cancellationToken) => store.ListAsync(cancellationToken));
    }
}
