using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Rlhf.Coordinator.Exchange;
using Rlhf.Coordinator.Ledger;
using Rlhf.Testing;
using Rlhf.V1;

namespace Rlhf.EndToEnd.Tests;

/// <summary>A run that the sample RuleLabeller labels, from the start of the AppHost to its end.</summary>
/// <param name="Output">What the AppHost printed.</param>
/// <param name="LabellerOutput">What the labelling program printed.</param>
/// <param name="Report">The run's.</param>
/// <param name="Export">Its part of the ledger, without what no two runs have in common.</param>
internal sealed partial record LabelledRun(string Output, string LabellerOutput, JsonElement Report, string[] Export)
{
    private const string Seed = "7";

    /// <summary>Does it.</summary>
    /// <param name="folder">An empty folder.</param>
    /// <param name="ledger">The connection string of a PostgreSQL; null for a SQLite file.</param>
    /// <param name="killedAt">At so many labels the Coordinator is killed.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<LabelledRun> DoAsync(string folder, string? ledger, int? killedAt, CancellationToken cancellationToken)
    {
        var (data, report) = (Path.Combine(folder, "data"), Path.Combine(folder, "report.json"));
        var leadToken = Path.Combine(data, "coordinator", "lead-token");
        using var host = RunningProgram.Start(
            "AppHost", ledger is null ? [] : new() { ["ConnectionStrings__ledger"] = ledger },
            "--run", Path.Combine(AppContext.BaseDirectory, "small-rlhf-run.yaml"), "--exit-when-done",
            "--report", report, "--seed", Seed, "--data", data);
        await host.SaysAsync("Feedback API", TimeSpan.FromMinutes(2), cancellationToken);
        var address = AddressPattern().Match(host.Output).Groups[1].Value;
        using var labeller = RunningProgram.Start(
            "RuleLabeller", [],
            "--coordinator", address, "--lead-token", leadToken, "--rule", "shorter", "--seconds-per-label", "0.02", "--noise", "0.1", "--seed", Seed);
        if (killedAt is { } labels)
        {
            await LabelsAsync(address, await File.ReadAllTextAsync(leadToken, cancellationToken), labels, cancellationToken);
            host.KillChild("Rlhf.Coordinator.dll");
        }

        Assert.True(await labeller.EndsAsync(TimeSpan.FromMinutes(3), cancellationToken) == 0, labeller.Output + host.Output);
        Assert.True(await host.EndsAsync(TimeSpan.FromMinutes(3), cancellationToken) == 0, host.Output);
        return new LabelledRun(
            host.Output, labeller.Output,
            JsonDocument.Parse(await File.ReadAllTextAsync(report, cancellationToken)).RootElement,
            await ExportAsync(
                ledger is null
                    ? new SqliteLedger(Path.Combine(data, "coordinator", "ledger.db"), NullLoggerFactory.Instance)
                    : new PostgreSqlLedger(ledger, TimeSpan.Zero, NullLoggerFactory.Instance),
                cancellationToken));
    }

    /// <summary>The export's rows of a kind.</summary>
    public IReadOnlyList<JsonElement> Rows(string record) =>
    [
        .. from line in Export
           let parsed = JsonDocument.Parse(line).RootElement
           where parsed.GetProperty("record").GetString() == record
           select parsed.GetProperty("row"),
    ];

    /// <summary>Waits until there are so many labels that count, and more are wanted.</summary>
    private static async Task LabelsAsync(string address, string token, int labels, CancellationToken cancellationToken)
    {
        using var channel = GrpcChannel.ForAddress(address);
        var client = new FeedbackService.FeedbackServiceClient(channel);
        var bearer = new Metadata { { "authorization", $"Bearer {token}" } };
        while (true)
        {
            try
            {
                var progress = await client.GetProgressAsync(new GetFeedbackProgressRequest(), bearer, cancellationToken: cancellationToken);
                if (progress.Done >= labels)
                {
                    Assert.True(progress.Done < progress.Wanted, string.Create(CultureInfo.InvariantCulture, $"all {progress.Wanted} labels were there at once"));
                    return;
                }
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.NotFound)
            {
                // The run is not at its comparisons yet.
            }

            await Task.Delay(20, cancellationToken);
        }
    }

    private static async Task<string[]> ExportAsync(ILedgerDatabase ledger, CancellationToken cancellationToken)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellationToken);
        var run = await context.Runs.SingleAsync(cancellationToken);
        using var stream = new MemoryStream();
        await new LedgerExport(ledger).WriteAsync(run.RunId, ExportFormat.Native, stream, cancellationToken);
        var lines = Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => ComparableExport.Line(line, run.RunId))];
    }

    [GeneratedRegex(@"Feedback API \(gRPC\): (\S+)")]
    private static partial Regex AddressPattern();
}
