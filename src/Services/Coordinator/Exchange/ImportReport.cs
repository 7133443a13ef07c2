using System.Text.Json;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Exchange;

/// <summary>What became of a file. A stage whose comparisons come from one keeps it as its results.</summary>
/// <param name="RunId">Under which it is in the ledger; null where it has no usable row, and nothing was written.</param>
/// <param name="File">The file's name.</param>
/// <param name="Sha256">Of the file, lower-case hex.</param>
/// <param name="Rows">Rows of the file.</param>
/// <param name="Comparisons">Those that were taken.</param>
/// <param name="Prompts">Different prompts among them.</param>
/// <param name="Responses">Different answers.</param>
/// <param name="Refused">The other rows by reason.</param>
internal sealed record ImportReport(
    string? RunId, string File, string Sha256, int Rows, int Comparisons, int Prompts, int Responses, IReadOnlyList<RefusedRows> Refused)
{
    /// <summary>The reports of a run's stages that have their comparisons from a file, by stage.</summary>
    public static IReadOnlyDictionary<string, ImportReport> Of(RunRow run, IEnumerable<StageRow> stages)
    {
        var imported = RunDefinitionReader.Read(run.Definition).Stages.OfType<PreferencesOptions>().Where(stage => stage.IsImported)
            .Select(stage => stage.Name).ToHashSet();
        return stages.Where(stage => imported.Contains(stage.Name)).ToDictionary(stage => stage.Name, Of);
    }

    /// <summary>The report of a stage that has its comparisons from a file.</summary>
    public static ImportReport Of(StageRow stage) => JsonSerializer.Deserialize<ImportReport>(stage.Results, StageContext.ResultJson) is { Refused: not null } report
        ? report
        : throw new InvalidOperationException($"stage '{stage.Name}' of run '{stage.RunId}' has no report of its import");

    /// <summary>Tells of it in a stage's row.</summary>
    public void WriteTo(StageRow stage)
    {
        stage.Refused = Rows - Comparisons;
        stage.RefusedByReason = JsonSerializer.Serialize(Refused.ToDictionary(rows => rows.Reason, rows => rows.Count));
        stage.Results = JsonSerializer.Serialize(this, StageContext.ResultJson);
        (stage.Done, stage.Wanted, stage.Unit, stage.Detail) = (Rows, Rows, "comparisons", Detail);
    }

    private string Detail => string.Join("; refused: ", new[] { $"from {File}", string.Join(", ", Refused.Select(rows => rows.Summary)) }.Where(text => text.Length > 0));
}
