using System.Text.Json;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Exchange;

/// <summary>
/// Takes a preference file into the ledger as a run of its own that has ended: one stage, whose comparisons are the file's. So it is
/// shown, rated and exported like any run's, and other runs can learn from it. The same file is one import, however often it is sent.
/// </summary>
internal sealed class PreferenceImport(LedgerWriter ledger, TimeProvider time)
{
    /// <summary>The longest name of an import.</summary>
    public const int MaxNameLength = 100;

    // Of the file's SHA-256: enough for more files than anybody has.
    private const int IdDigits = 16;

    private static readonly byte[] _gzip = [0x1f, 0x8b];

    /// <summary>Takes what somebody sends.</summary>
    /// <param name="content">The file's content.</param>
    /// <param name="name">What the run is called.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>What became of it, and whether that was new.</returns>
    /// <exception cref="InvalidDataException">It is gzipped: how large it is shows only when it is unpacked, by whoever sends it.</exception>
    public async Task<(ImportReport Report, bool IsNew)> ImportAsync(Stream content, string name, CancellationToken cancellationToken)
    {
        var path = Path.GetTempFileName();
        try
        {
            await using (var file = File.Create(path))
            {
                await content.CopyToAsync(file, cancellationToken);
                file.Position = 0;
                var start = new byte[_gzip.Length];
                if (await file.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken) == start.Length && start.SequenceEqual(_gzip))
                {
                    throw new InvalidDataException($"{name} is gzipped; unpack it (gunzip) and import what comes out.");
                }
            }

            return await ImportAsync(path, name, cancellationToken);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Reads TRL's or HH-RLHF's form and writes all usable rows in one transaction, or nothing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What the run is called.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    private async Task<(ImportReport Report, bool IsNew)> ImportAsync(string path, string name, CancellationToken cancellationToken)
    {
        var file = ImportedPreferences.Of(ImportedPreferences.Read(path), name);
        if (file.Pairs.Count == 0)
        {
            return (new ImportReport(null, name, file.Sha256, file.Rows, 0, 0, 0, file.Refused), true);
        }

        var runId = $"import-{file.Sha256[..IdDigits]}";
        var definition = new RunDefinition(name, [new PreferencesOptions { Name = StageKinds.Preferences, By = ComparedBy.File, File = name }]);
        var prompts = file.Prompts.ToList();
        return await ledger.DecideAsync(async (context, token) =>
        {
            if (await context.Stages.FindAsync([runId, StageKinds.Preferences], token) is { } known)
            {
                return (ImportReport.Of(known), false);
            }

            context.Add(new RunRow
            {
                RunId = runId,
                Name = name,
                Seed = 0,
                Definition = RunDefinitionReader.Write(definition),
                Status = RunStatus.Succeeded,
                CreatedUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
                PromptReport = JsonSerializer.Serialize(new PromptSource(name, prompts.Count, [], 0, 0), StageContext.ResultJson),
            });
            context.AddRange(prompts.Select((prompt, position) => PromptRow.Of(runId, prompt, position)));
            var report = ImportedRows.AddTo(context, runId, StageKinds.Preferences, file, static pair => RunPrompt.IdOf(pair.Turns));
            var stage = new StageRow { RunId = runId, Name = StageKinds.Preferences, Position = 0, Status = StageStatus.Succeeded };
            report.WriteTo(stage);
            context.Add(stage);
            return (report, true);
        }, cancellationToken);
    }
}
