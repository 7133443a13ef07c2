using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Exchange;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Stages;

namespace Rlhf.Coordinator.Reports;

/// <summary>Makes a run's report from the ledger, at any time: what is not known yet is null.</summary>
internal sealed class ReportBuilder(IDbContextFactory<LedgerContext> contexts)
{
    private readonly ConcurrentDictionary<string, ((int, int, int) Count, JudgeReport Judge, PeopleReport? People)> _compared = new();

    private static readonly JsonSerializerOptions _json = new(StageContext.ResultJson) { WriteIndented = true };

    /// <summary>The report as JSON; null where there is no such run.</summary>
    public async Task<string?> BuildAsync(string runId, CancellationToken cancellationToken) =>
        await ReadAsync(runId, cancellationToken) is { } report ? JsonSerializer.Serialize(report, _json) : null;

    /// <summary>The report; null where there is no such run.</summary>
    public async Task<RunReportDocument?> ReadAsync(string runId, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        var run = await ledger.Runs.AsNoTracking().SingleOrDefaultAsync(row => row.RunId == runId, cancellationToken);
        if (run is null)
        {
            return null;
        }

        var definition = RunDefinitionReader.Read(run.Definition);
        var stages = await ledger.Stages.AsNoTracking().Where(stage => stage.RunId == runId)
            .OrderBy(stage => stage.Position).ToListAsync(cancellationToken);
        var ppo = LastOf<PpoStageOptions>(definition, stages);
        var ppoResults = Results<Dictionary<string, double>>(ppo) ?? [];
        var (judge, people) = await ComparedAsync(ledger, runId, cancellationToken);
        return new RunReportDocument
        {
            Run = run.RunId,
            Name = run.Name,
            State = run.Status.ToString().ToLowerInvariant(),
            Error = run.Error,
            Seed = run.Seed,
            WallSeconds = run.Seconds,
            Stages = [.. stages.Select(ReportOf)],
            Judge = judge,
            People = people,
            RewardModel = RewardModel(LastOf<RewardModelStageOptions>(definition, stages)),
            Ppo = ppo is null ? null : await PpoAsync(ledger, runId, ppo, ppoResults, cancellationToken),
            TrainableParameterShare = Figure(ppoResults, "trainable_parameter_share"),
            Evaluation = Evaluation(LastOf<EvaluationOptions>(definition, stages)),
            Prompts = JsonSerializer.Deserialize<PromptSource>(run.PromptReport, StageContext.ResultJson),
            Versions = await VersionsAsync(ledger, runId, cancellationToken),
            Definition = run.Definition,
        };
    }

    /// <summary>The report's evaluation alone; null where there is none yet.</summary>
    public async Task<IReadOnlyDictionary<string, EvaluationReport>?> ReadEvaluationAsync(string runId, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        var run = await ledger.Runs.AsNoTracking().SingleOrDefaultAsync(row => row.RunId == runId, cancellationToken);
        var stages = await ledger.Stages.AsNoTracking().Where(stage => stage.RunId == runId).ToListAsync(cancellationToken);
        return run is null ? null : Evaluation(LastOf<EvaluationOptions>(RunDefinitionReader.Read(run.Definition), stages));
    }

    private static StageRow? LastOf<TOptions>(RunDefinition definition, IEnumerable<StageRow> stages)
        where TOptions : StageOptions
    {
        var name = definition.Stages.OfType<TOptions>().LastOrDefault()?.Name;
        return stages.FirstOrDefault(stage => stage.Name == name);
    }

    private static T? Results<T>(StageRow? stage)
        where T : class =>
        stage is { Status: StageStatus.Succeeded } ? JsonSerializer.Deserialize<T>(stage.Results, StageContext.ResultJson) : null;

    private static double? Figure(IReadOnlyDictionary<string, double> figures, string name) =>
        figures.TryGetValue(name, out var value) && double.IsFinite(value) ? value : null;

    private static StageReport ReportOf(StageRow stage) => new(
        stage.Name, stage.Status.ToString().ToLowerInvariant(), stage.Seconds, stage.Done, stage.Wanted, stage.Unit, stage.Refused,
        JsonSerializer.Deserialize<SortedDictionary<string, long>>(stage.RefusedByReason) ?? [],
        JsonNode.Parse(stage.Results));

    // All comparisons and labels of a run are read for these two, so they are kept as long as there are no others.
    private async Task<(JudgeReport Judge, PeopleReport? People)> ComparedAsync(LedgerContext ledger, string runId, CancellationToken cancellationToken)
    {
        var labels = ledger.Labels.Where(label => label.RunId == runId);
        var count = (
            Comparisons: await ledger.Comparisons.CountAsync(comparison => comparison.RunId == runId, cancellationToken),
            Labels: await labels.CountAsync(cancellationToken),
            Undone: await labels.CountAsync(label => label.UndoneUnixMs != null, cancellationToken));
        if (!_compared.TryGetValue(runId, out var known) || known.Count != count)
        {
            known = (count, await JudgeAsync(ledger, runId, cancellationToken), await PeopleReportBuilder.ReadAsync(ledger, runId, cancellationToken));
            _compared[runId] = known;
        }

        return (known.Judge, known.People);
    }

    private static async Task<JudgeReport> JudgeAsync(LedgerContext ledger, string runId, CancellationToken cancellationToken)
    {
        // Counted by the database: a ledger may hold hundreds of thousands.
        var judged = await ledger.Comparisons.AsNoTracking().Where(comparison => comparison.RunId == runId && comparison.LabellerId == null
                && (comparison.JudgeVersion == null || !comparison.JudgeVersion.StartsWith(ImportedRows.Source)))
            .GroupBy(comparison => new { comparison.JudgeVersion, comparison.TemplateHash })
            .Select(group => new
            {
                group.Key.JudgeVersion,
                group.Key.TemplateHash,
                Count = group.Count(),
                Same = group.Count(comparison => comparison.SamePosition == true),
                First = group.Sum(comparison => (comparison.ProbabilityAFirst + 1 - comparison.ProbabilityASecond) / 2),
            })
            .ToListAsync(cancellationToken);
        var count = judged.Sum(group => group.Count);
        return new JudgeReport(
            count,
            count == 0 ? null : judged.Sum(group => group.Same) / (double)count,
            count == 0 ? null : judged.Sum(group => group.First) / count,
            [.. judged.Select(group => group.JudgeVersion).OfType<string>().Distinct().Order(StringComparer.Ordinal)],
            [.. judged.Select(group => group.TemplateHash).OfType<string>().Distinct().Order(StringComparer.Ordinal)]);
    }

    private static RewardModelReport? RewardModel(StageRow? stage) => Results<Dictionary<string, double>>(stage) is { } results
        ? new RewardModelReport(
            stage?.PublishedVersion,
            Figure(results, "pairwise_accuracy"),
            Figure(results, "pairwise_loss_pairwise_accuracy"),
            Figure(results, "regression_pairwise_accuracy"),
            Figure(results, "ece"),
            (int?)Figure(results, "pairs"),
            (int?)Figure(results, "pairs_held_out"),
            (int?)Figure(results, "pairs_decided"),
            (int?)Figure(results, "pairs_clear"),
            Figure(results, "clear_pairwise_accuracy"))
        : null;

    private static async Task<PpoReport> PpoAsync(
        LedgerContext ledger, string runId, StageRow stage, Dictionary<string, double> results, CancellationToken cancellationToken)
    {
        var metrics = await ledger.StepMetrics.AsNoTracking()
            .Where(metric => metric.RunId == runId && metric.Stage == stage.Name && (metric.Name == "score" || metric.Name == "kl"))
            .OrderBy(metric => metric.Step)
            .ToListAsync(cancellationToken);
        var scores = metrics.Where(metric => metric.Name == "score").ToList();
        return new PpoReport(
            stage.PublishedVersion,
            scores.Count,
            Figure(results, "kl_final") ?? metrics.LastOrDefault(metric => metric.Name == "kl")?.Value,
            metrics.Where(metric => metric.Name == "kl").Max(metric => (double?)metric.Value),
            scores.FirstOrDefault()?.Value,
            scores.LastOrDefault()?.Value);
    }

    private static Dictionary<string, EvaluationReport>? Evaluation(StageRow? stage) =>
        Results<Dictionary<string, ModelEvaluation>>(stage)?.ToDictionary(
            pair => pair.Key,
            pair => new EvaluationReport(
                pair.Value.Version, pair.Value.HarmfulCompliance, pair.Value.HarmlessHelpfulness, pair.Value.Prompts,
                pair.Value.HarmfulPrompts, pair.Value.HarmlessPrompts, pair.Value.OracleApplies,
                pair.Value.OracleApplies ? null : "the oracle knows only the embedded model's world, and these prompts are not of it",
                pair.Value.MeanScore, pair.Value.FinishedShare));

    private static async Task<IReadOnlyList<VersionReport>> VersionsAsync(LedgerContext ledger, string runId, CancellationToken cancellationToken) =>
        await ledger.Versions.AsNoTracking().Where(version => version.RunId == runId).OrderBy(version => version.CreatedUnixMs)
            .Select(version => new VersionReport(version.VersionId, version.Kind, version.BaseVersionId, version.Method, version.Step, version.Seed))
            .ToListAsync(cancellationToken);
}
