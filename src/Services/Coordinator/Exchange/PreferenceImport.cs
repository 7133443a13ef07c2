using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;
using Rlhf.DataFiles;

namespace Rlhf.Coordinator.Exchange;

/// <summary>
/// Takes a preference file into the ledger as a run of its own that has ended: one stage, whose comparisons are the file's. So it is
/// shown, rated and exported like any run's.
/// </summary>
internal sealed class PreferenceImport(LedgerWriter ledger, TimeProvider time)
{
    // Before the hash of the file that a comparison comes from, in place of a judge's version.
    private const string Source = "import:";

    /// <summary>Reads TRL's or HH-RLHF's form and writes all usable rows in one transaction, or nothing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What the run is called.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ImportReport> ImportAsync(string path, string name, CancellationToken cancellationToken)
    {
        var file = JsonLines.Read(path, static json => ImportedPair.Of(PreferenceRows.Parse(json)));
        var refused = file.BadRows.Counts.Select(reason => new RefusedRows(
            reason.Key, reason.Value, file.BadRows.LinesOf(reason.Key), file.BadRows.ExplanationOf(reason.Key))).ToList();
        if (file.Rows.Count == 0)
        {
            return new ImportReport(null, file.Sha256, file.RowCount, 0, 0, 0, refused);
        }

        var now = time.GetUtcNow();
        var runId = FormattableString.Invariant($"import-{now:yyyyMMdd-HHmmss}-{Guid.NewGuid().ToString("N")[..4]}");
        var definition = new RunDefinition(name, [new PreferencesOptions { Name = StageKinds.Preferences, Comparisons = file.Rows.Count }]);
        var prompts = file.Rows.DistinctBy(pair => RunPrompt.IdOf(pair.Turns)).Select((pair, position) => PromptOf(runId, pair, position)).ToList();
        var responses = file.Rows.SelectMany(pair => new[] { ResponseOf(runId, pair, pair.Chosen), ResponseOf(runId, pair, pair.Rejected) })
            .DistinctBy(response => response.ResponseId).ToList();
        await ledger.WriteAsync((context, _) =>
        {
            context.Add(new RunRow
            {
                RunId = runId,
                Name = name,
                Seed = 0,
                Definition = RunDefinitionReader.Write(definition),
                Status = RunStatus.Succeeded,
                CreatedUnixMs = now.ToUnixTimeMilliseconds(),
                PromptReport = JsonSerializer.Serialize(new PromptSource(name, prompts.Count, [], 0, 0), StageContext.ResultJson),
            });
            context.Add(StageOf(runId, file.Rows.Count, refused));
            context.AddRange(prompts);
            context.AddRange(responses);
            context.AddRange(file.Rows.Select((pair, row) => ComparisonOf(runId, pair, row, file.Sha256)));
            return Task.CompletedTask;
        }, cancellationToken);
        return new ImportReport(runId, file.Sha256, file.RowCount, file.Rows.Count, prompts.Count, responses.Count, refused);
    }

    private static StageRow StageOf(string runId, int taken, IReadOnlyList<RefusedRows> refused)
    {
        var refusedCount = refused.Sum(rows => rows.Count);
        return new StageRow
        {
            RunId = runId,
            Name = StageKinds.Preferences,
            Position = 0,
            Status = StageStatus.Succeeded,
            Done = taken + refusedCount,
            Wanted = taken + refusedCount,
            Refused = refusedCount,
            RefusedByReason = JsonSerializer.Serialize(refused.ToDictionary(rows => rows.Reason, rows => rows.Count)),
            Unit = "comparisons",
            Detail = "imported",
        };
    }

    private static PromptRow PromptOf(string runId, ImportedPair pair, int position) => new()
    {
        RunId = runId,
        PromptId = RunPrompt.IdOf(pair.Turns),
        Position = position,
        Kind = PromptKind.Unknown,
        IsEvaluation = false,
        Turns = JsonSerializer.Serialize(pair.Turns),
    };

    private static ResponseRow ResponseOf(string runId, ImportedPair pair, string text) => new()
    {
        ResponseId = IdOf(runId, pair, text),
        RunId = runId,
        Stage = StageKinds.Preferences,
        Step = 0,
        PromptId = RunPrompt.IdOf(pair.Turns),
        PolicyVersion = "", // the file doesn't say who answered
        Text = text,
        TokenCount = 0,
        IsFinished = null,
        Seed = 0,
    };

    // Which answer is A is drawn: it must say nothing about which one was chosen.
    private static ComparisonRow ComparisonOf(string runId, ImportedPair pair, int row, string sha256)
    {
        var isChosenA = Seeds.Derive(0, $"side/{row}") % 2 == 0;
        var (a, b) = isChosenA ? (pair.Chosen, pair.Rejected) : (pair.Rejected, pair.Chosen);
        return new ComparisonRow
        {
            MessageId = FormattableString.Invariant($"{runId}/{StageKinds.Preferences}/{row:D8}"),
            RunId = runId,
            Stage = StageKinds.Preferences,
            PromptId = RunPrompt.IdOf(pair.Turns),
            ResponseAId = IdOf(runId, pair, a),
            ResponseBId = IdOf(runId, pair, b),
            PreferenceA = isChosenA ? pair.Preference : 1 - pair.Preference,
            JudgeVersion = Source + sha256,
        };
    }

    // The same answer to the same prompt is one answer, however many rows have it.
    private static string IdOf(string runId, ImportedPair pair, string text) =>
        $"{runId}/{StageKinds.Preferences}/{RunPrompt.IdOf(pair.Turns)}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8))}";
}
