using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Exchange;

/// <summary>Every row of a run, with all provenance: {"record": what it is, "row": its columns}. Accounts and their secrets are no part of a run.</summary>
internal static class NativeExport
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        // Letters of all scripts stay readable; a data file is no web page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private sealed record Line(string Record, object Row);

    /// <summary>The lines, tables in a fixed order, the rows of each by its key.</summary>
    public static async IAsyncEnumerable<string> LinesAsync(LedgerContext ledger, string runId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (record, rows) in Tables(ledger, runId))
        {
            await foreach (var row in rows.WithCancellation(cancellationToken))
            {
                yield return JsonSerializer.Serialize(new Line(record, row), _json);
            }
        }
    }

    private static IEnumerable<(string Record, IAsyncEnumerable<object> Rows)> Tables(LedgerContext ledger, string runId)
    {
        yield return ("run", Read(ledger.Runs.Where(row => row.RunId == runId)));
        yield return ("stage", Read(ledger.Stages.Where(row => row.RunId == runId).OrderBy(row => row.Position)));
        yield return ("prompt", Read(ledger.Prompts.Where(row => row.RunId == runId).OrderBy(row => row.Position)));
        yield return ("response", Read(ledger.Responses.Where(row => row.RunId == runId).OrderBy(row => row.ResponseId)));
        yield return ("revision", Read(ledger.RevisionRounds.Where(row => row.RunId == runId).OrderBy(row => row.MessageId).ThenBy(row => row.Round)));
        yield return ("labelling", Read(ledger.Labellings.Where(row => row.RunId == runId).OrderBy(row => row.Stage)));
        yield return ("pair", Read(ledger.ComparisonPairs.Where(row => row.RunId == runId).OrderBy(row => row.PairId)));
        yield return ("guidelines", Read(ledger.Guidelines
            .Where(text => ledger.Labels.Any(label => label.RunId == runId && label.GuidelinesHash == text.Hash)).OrderBy(text => text.Hash)));
        yield return ("label", Read(ledger.Labels.Where(row => row.RunId == runId).OrderBy(row => row.Stage).ThenBy(row => row.Number).ThenBy(row => row.LeaseId)));
        yield return ("comparison", Read(ledger.Comparisons.Where(row => row.RunId == runId).OrderBy(row => row.MessageId)));
        yield return ("rating", Read(ledger.Ratings.Where(row => row.RunId == runId).OrderBy(row => row.ResponseId)));
        yield return ("score", Read(ledger.Scores.Where(row => row.RunId == runId).OrderBy(row => row.ResponseId).ThenBy(row => row.RewardModelVersion)));
        yield return ("version", Read(ledger.Versions.Where(row => row.RunId == runId).OrderBy(row => row.VersionId)));
        yield return ("metric", Read(ledger.StepMetrics.Where(row => row.RunId == runId).OrderBy(row => row.Stage).ThenBy(row => row.Step).ThenBy(row => row.Name)));
        yield return ("receipt", Read(ledger.Receipts.Where(row => row.RunId == runId).OrderBy(row => row.Key)));
    }

    private static IAsyncEnumerable<object> Read<T>(IQueryable<T> rows)
        where T : class => rows.AsNoTracking().AsAsyncEnumerable();
}
