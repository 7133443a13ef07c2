using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;
using Rlhf.DataFiles;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Exchange;

/// <summary>Reads the preferences that a run's stage has from elsewhere: from a file beside the run file, or from an earlier import.</summary>
internal sealed class PreferenceSources(IDbContextFactory<LedgerContext> contexts, ImportOptions limits)
{
    /// <summary>Reads what the stage asks for.</summary>
    /// <param name="stage">A stage whose preferences are imported.</param>
    /// <param name="folder">The run file's; null for a run that came as text.</param>
    /// <exception cref="StartupException">The file or the import is unusable.</exception>
    public ImportedPreferences Read(PreferencesOptions stage, string? folder)
    {
        if (stage.By == ComparedBy.Import)
        {
            return ReadImport(stage);
        }

        // Whoever may send a run file's text need not be one who may read this machine's files.
        return folder is not null
            ? ReadFile(stage, Path.Combine(folder, stage.File ?? ""))
            : throw Unusable(
                stage,
                "'file' is a path from the run file's folder, and a run that is sent as text has none; import the file (page Ledger, or POST /api/imports) and name what comes of it: 'by: import', 'import: RUN'");
    }

    private ImportedPreferences ReadFile(PreferencesOptions stage, string path)
    {
        try
        {
            var megabytes = new FileInfo(path).Length / (1024.0 * 1024);
            return megabytes <= limits.MaxMegabytes
                ? ImportedPreferences.Of(ImportedPreferences.Read(path).Require(BadRowLimit.Parse(stage.MaxBadRows)), Path.GetFileName(path))
                : throw Unusable(stage, FormattableString.Invariant($"{path} has {megabytes:0} MB, and {limits.MaxMegabytes} are the most; split it, or raise Import:MaxMegabytes"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw Unusable(stage, exception.Message, exception);
        }
    }

    private ImportedPreferences ReadImport(PreferencesOptions stage)
    {
        using var ledger = contexts.CreateDbContext();
        var runId = stage.Import;
        if (ledger.Runs.AsNoTracking().SingleOrDefault(run => run.RunId == runId) is not { } source
            || ImportReport.Of(source, ledger.Stages.AsNoTracking().Where(row => row.RunId == runId)) is not { Count: > 0 } reports)
        {
            throw Unusable(stage, $"the ledger has no import '{runId}'; the page Ledger lists what was imported");
        }

        var (name, report) = reports.First();
        var rows =
            from comparison in ledger.Comparisons.AsNoTracking()
            where comparison.RunId == runId && comparison.Stage == name
            join a in ledger.Responses on comparison.ResponseAId equals a.ResponseId
            join b in ledger.Responses on comparison.ResponseBId equals b.ResponseId
            join prompt in ledger.Prompts on new { comparison.RunId, comparison.PromptId } equals new { prompt.RunId, prompt.PromptId }
            orderby comparison.MessageId
            select new { comparison, A = a.Text, B = b.Text, prompt.Turns };
        return new ImportedPreferences(
            report.File, report.Sha256, report.Rows, [.. rows.AsEnumerable().Select(row => PairOf(row.comparison, row.A, row.B, row.Turns))], report.Refused);
    }

    private static ImportedPair PairOf(ComparisonRow comparison, string a, string b, string turns)
    {
        var line = ImportedRows.LineOf(comparison) ?? throw new InvalidOperationException($"comparison '{comparison.MessageId}' comes from no file");
        IReadOnlyList<Turn> prompt = JsonSerializer.Deserialize<List<Turn>>(turns) ?? [];
        return ImportedRows.IsChosenA(line)
            ? new ImportedPair(line, prompt, a, b, comparison.PreferenceA)
            : new ImportedPair(line, prompt, b, a, 1 - comparison.PreferenceA);
    }

    private static StartupException Unusable(PreferencesOptions stage, string why, Exception? cause = null) =>
        cause is null ? new StartupException($"stage '{stage.Name}': {why}") : new StartupException($"stage '{stage.Name}': {why}", cause);
}
