using Rlhf.Coordinator.Prompts;
using Rlhf.DataFiles;

namespace Rlhf.Coordinator.Exchange;

/// <summary>What a preference file holds.</summary>
/// <param name="File">Its name, without its folder.</param>
/// <param name="Sha256">Of its bytes, lower-case hex.</param>
/// <param name="Rows">Its rows, usable or not.</param>
/// <param name="Pairs">The usable ones, in the file's order.</param>
/// <param name="Refused">The others by reason.</param>
internal sealed record ImportedPreferences(
    string File, string Sha256, int Rows, IReadOnlyList<ImportedPair> Pairs, IReadOnlyList<RefusedRows> Refused)
{
    /// <summary>The different prompts, in the order of their first pair.</summary>
    public IEnumerable<RunPrompt> Prompts => Pairs.Select(pair => new RunPrompt(RunPrompt.IdOf(pair.Turns), PromptKind.Unknown, pair.Turns))
        .DistinctBy(prompt => prompt.PromptId);

    /// <summary>Reads a file in TRL's or HH-RLHF's form.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="InvalidDataException">A ".gz" file is damaged.</exception>
    public static RowFile<ImportedPair> Read(string path) =>
        JsonLines.Read(path, static (json, line) => ImportedPair.Of(PreferenceRows.Parse(json), line));

    /// <summary>Takes a file that has been read.</summary>
    public static ImportedPreferences Of(RowFile<ImportedPair> file, string name) => new(
        name, file.Sha256, file.RowCount, file.Rows,
        [
            .. file.BadRows.Counts.Select(reason => new RefusedRows(
                reason.Key, reason.Value, file.BadRows.LinesOf(reason.Key), file.BadRows.ExplanationOf(reason.Key))),
        ]);
}
