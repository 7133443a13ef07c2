using System.Text;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Exchange;

/// <summary>Writes a run's part of the ledger as lines of JSON, row by row: the same ledger gives the same bytes.</summary>
internal sealed class LedgerExport(IDbContextFactory<LedgerContext> contexts)
{
    // Lines are small, and each write to a response costs.
    private const int BufferBytes = 1 << 16;

    /// <summary>The formats by the names that callers give them.</summary>
    public static IReadOnlyDictionary<string, ExportFormat> Formats { get; } = new Dictionary<string, ExportFormat>
    {
        ["native"] = ExportFormat.Native,
        ["trl"] = ExportFormat.Trl,
        ["trl-text"] = ExportFormat.TrlText,
        ["hh"] = ExportFormat.Hh,
    };

    /// <summary>Whether the ledger has such a run.</summary>
    public async Task<bool> HasRunAsync(string runId, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        return await ledger.Runs.AnyAsync(run => run.RunId == runId, cancellationToken);
    }

    /// <summary>Writes a run; one that is under way, as far as it is.</summary>
    public async Task WriteAsync(string runId, ExportFormat format, Stream stream, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false), BufferBytes, leaveOpen: true) { NewLine = "\n" };
        var lines = format == ExportFormat.Native
            ? NativeExport.LinesAsync(ledger, runId, cancellationToken)
            : PreferenceExport.LinesAsync(ledger, runId, format, cancellationToken);
        await foreach (var line in lines)
        {
            await writer.WriteLineAsync(line.AsMemory(), cancellationToken);
        }
    }
}
