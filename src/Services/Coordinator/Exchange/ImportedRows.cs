using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Exchange;

/// <summary>A file's preferences as rows of the ledger: answers whose author nobody knows, and comparisons that name the file and the line.</summary>
internal static class ImportedRows
{
    /// <summary>Stands before the hash of the file that a comparison comes from, in place of a judge's version.</summary>
    public const string Source = "import:";

    private const int LineDigits = 8;

    /// <summary>Adds answers and comparisons to a stage; their prompts are the run's, and added with it.</summary>
    /// <param name="ledger">Where to.</param>
    /// <param name="runId">The run.</param>
    /// <param name="stage">The stage that compares.</param>
    /// <param name="file">The preferences.</param>
    /// <param name="promptIdOf">What the run calls each pair's prompt.</param>
    /// <returns>What was added and what was refused.</returns>
    public static ImportReport AddTo(
        LedgerContext ledger, string runId, string stage, ImportedPreferences file, Func<ImportedPair, string> promptIdOf)
    {
        var rows = file.Pairs.Select(pair =>
        {
            var (first, second) = IsChosenA(pair.Line) ? (pair.Chosen, pair.Rejected) : (pair.Rejected, pair.Chosen);
            var promptId = promptIdOf(pair);
            return (pair, A: ResponseOf(runId, stage, promptId, first), B: ResponseOf(runId, stage, promptId, second));
        }).ToList();
        var responses = rows.SelectMany(row => new[] { row.A, row.B }).DistinctBy(response => response.ResponseId).ToList();
        ledger.AddRange(responses);
        ledger.AddRange(rows.Select(row => new ComparisonRow
        {
            MessageId = $"{runId}/{stage}/line-{row.pair.Line.ToString($"D{LineDigits}", CultureInfo.InvariantCulture)}",
            RunId = runId,
            Stage = stage,
            PromptId = row.A.PromptId,
            ResponseAId = row.A.ResponseId,
            ResponseBId = row.B.ResponseId,
            PreferenceA = IsChosenA(row.pair.Line) ? row.pair.Preference : 1 - row.pair.Preference,
            JudgeVersion = Source + file.Sha256,
        }));
        return new ImportReport(
            runId, file.File, file.Sha256, file.Rows, rows.Count, rows.DistinctBy(row => row.A.PromptId).Count(), responses.Count, file.Refused);
    }

    /// <summary>The line of the file that a comparison comes from; null where it comes from no file.</summary>
    public static int? LineOf(ComparisonRow comparison) => comparison.JudgeVersion?.StartsWith(Source, StringComparison.Ordinal) == true
        ? int.Parse(comparison.MessageId.AsSpan()[^LineDigits..], NumberStyles.None, CultureInfo.InvariantCulture)
        : null;

    /// <summary>Whether a line's chosen answer is A. It is drawn: which one is A must say nothing about which one was chosen.</summary>
    public static bool IsChosenA(int line) => Seeds.Derive(0, $"side/{line}") % 2 == 0;

    // The same answer to the same prompt is one answer, however many rows have it.
    private static ResponseRow ResponseOf(string runId, string stage, string promptId, string text) => new()
    {
        ResponseId = $"{runId}/{stage}/{promptId}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8))}",
        RunId = runId,
        Stage = stage,
        Step = 0,
        PromptId = promptId,
        PolicyVersion = "", // the file doesn't say who answered
        Text = text,
        TokenCount = 0,
        IsFinished = null,
        Seed = 0,
    };
}
