using CsvHelper;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Web;

/// <summary>Reads training figures from the ledger.</summary>
internal sealed class CurveReader(IDbContextFactory<LedgerContext> contexts)
{
    private const int MaxPoints = 400;

    /// <summary>The figures that pages show, in their order, with their titles.</summary>
    public static IReadOnlyDictionary<string, string> Titles { get; } = new Dictionary<string, string>
    {
        ["score"] = "Score",
        ["kl"] = "KL to the baseline, nats",
        ["response_length"] = "Answer length in tokens",
        ["loss"] = "Loss",
        ["policy_loss"] = "Policy loss",
        ["value_loss"] = "Value loss",
        ["regression_loss"] = "Loss on ratings",
        ["pairwise_loss"] = "Loss on pairs",
        ["validation_loss"] = "Validation loss",
    };

    /// <summary>A run's curves, in the order of <see cref="Titles"/>.</summary>
    public async Task<IReadOnlyList<Curve>> ReadAsync(string runId, IReadOnlyList<CurveWindow> windows, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        var names = Titles.Keys.ToList();
        var metrics = await ledger.StepMetrics.AsNoTracking()
            .Where(metric => metric.RunId == runId && names.Contains(metric.Name))
            .OrderBy(metric => metric.Step).ToListAsync(cancellationToken);
        return
        [
            .. metrics.Where(metric => double.IsFinite(metric.Value)).GroupBy(metric => (metric.Stage, metric.Name))
                .OrderBy(group => names.IndexOf(group.Key.Name)).ThenBy(group => group.Key.Stage, StringComparer.Ordinal)
                .Select(group => CurveOf(group.Key.Stage, group.Key.Name, [.. group], windows)),
        ];
    }

    /// <summary>Writes figures as CSV: every step, nothing thinned.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="stage">One stage only; null takes all.</param>
    /// <param name="name">One figure only; null takes all, also those that no page shows.</param>
    /// <param name="stream">Where they go.</param>
    public async Task WriteCsvAsync(string runId, string? stage, string? name, Stream stream, CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        var metrics = ledger.StepMetrics.AsNoTracking()
            .Where(metric => metric.RunId == runId && (stage == null || metric.Stage == stage) && (name == null || metric.Name == name))
            .OrderBy(metric => metric.Stage).ThenBy(metric => metric.Name).ThenBy(metric => metric.Step)
            .Select(metric => new CurveRow { Stage = metric.Stage, Name = metric.Name, Step = metric.Step, Value = metric.Value });
        await using var csv = CsvWriter.Create(stream, leaveOpen: true);
        await csv.WriteRecordsAsync(metrics.AsAsyncEnumerable(), cancellationToken);
    }

    private static Curve CurveOf(string stage, string name, IReadOnlyList<StepMetricRow> metrics, IEnumerable<CurveWindow> windows)
    {
        var window = windows.FirstOrDefault(window => window.IsOf(stage, name));
        var points = metrics.Where(metric => window is null || (metric.Step >= window.From && metric.Step <= window.To)).ToList();
        var stride = (points.Count + MaxPoints - 1) / MaxPoints;
        return new Curve(
            stage, name, metrics[0].Step, metrics[^1].Step, window,
            [
                .. points.Where((_, index) => index % stride == 0 || index == points.Count - 1)
                    .Select(point => new CurvePoint(point.Step, point.Value)),
            ]);
    }
}
