using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Web.Layout;

namespace Rlhf.Coordinator.Web;

/// <summary>A run's report as one HTML file: no script, no other file, light and dark.</summary>
internal static class ReportPage
{
    public static void MapReportPage(this WebApplication app) =>
        app.MapGet("/runs/{runId}/report.html", static async Task<IResult> (
            string runId, bool? download, RunCommands commands, IWebHostEnvironment environment, HttpResponse response, CancellationToken cancellationToken) =>
        {
            await commands.FindAsync(runId, cancellationToken);
            var style = await StyleAsync(environment, cancellationToken);
            var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
            response.Headers.ContentSecurityPolicy = $"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
            if (download == true)
            {
                response.Headers.ContentDisposition = $"attachment; filename=\"{runId}.html\"";
            }

            return new RazorComponentResult<ReportDocument>(new { RunId = runId, Style = style });
        });

    private static async Task<string> StyleAsync(IWebHostEnvironment environment, CancellationToken cancellationToken)
    {
        await using var file = environment.WebRootFileProvider.GetFileInfo("style.css").CreateReadStream();
        using var reader = new StreamReader(file);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
