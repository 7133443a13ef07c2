using Microsoft.AspNetCore.Http.HttpResults;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Web.Parts;

namespace Rlhf.Coordinator.Web;

/// <summary>Parts of pages alone, for scripts that bring an open page up to date: what a page shows is rendered in one place.</summary>
internal static class PartEndpoints
{
    public static void MapParts(this WebApplication app)
    {
        var parts = app.MapGroup("/parts");
        parts.MapGet("runs", static () => new RazorComponentResult<RunTable>());
        parts.MapGet("standings", static async Task<IResult> (string run, string? by, RunCommands commands, CancellationToken cancellationToken) =>
        {
            await commands.FindAsync(run, cancellationToken);
            return new RazorComponentResult<StandingsView>(new { RunId = run, By = by ?? "" });
        });
        parts.MapGet("raters", static async Task<IResult> (string run, string? under, RunCommands commands, CancellationToken cancellationToken) =>
        {
            await commands.FindAsync(run, cancellationToken);
            return new RazorComponentResult<RaterView>(new { RunId = run, Under = under ?? "" });
        });
        MapRunPart<RunSummary>(parts, "summary");
        MapRunPart<StageFlow>(parts, "stages");
        MapRunPart<EvaluationCards>(parts, "evaluation");
        MapRunPart<CurveCharts>(parts, "curves");
        MapRunPart<RunResultsView>(parts, "results");
    }

    private static void MapRunPart<TPart>(RouteGroupBuilder parts, string name)
        where TPart : RunPart =>
        parts.MapGet($"runs/{{runId}}/{name}", static async Task<IResult> (string runId, RunCommands commands, CancellationToken cancellationToken) =>
        {
            await commands.FindAsync(runId, cancellationToken);
            return new RazorComponentResult<TPart>(new { RunId = runId });
        });
}
