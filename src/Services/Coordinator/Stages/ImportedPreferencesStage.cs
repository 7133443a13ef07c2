using Rlhf.Coordinator.Exchange;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Stages;

/// <summary>
/// Preferences that somebody has already. They were written down with the run, in one transaction: a run that is resumed has them once,
/// and needs the file no more. What is left is to tell of them.
/// </summary>
internal sealed class ImportedPreferencesStage : IStage
{
    public Task RunAsync(StageContext context, CancellationToken cancellationToken)
    {
        var report = ImportReport.Of(context.Row);
        context.ReportImport(report);
        return Task.CompletedTask;
    }
}
