using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Stages;

namespace Rlhf.Coordinator.Runs;

/// <summary>Carries one run out, stage by stage, from where the ledger has it.</summary>
internal sealed partial class RunExecutor(
    RunStore store,
    RunBoard board,
    IDbContextFactory<LedgerContext> contexts,
    LedgerWriter ledger,
    LedgerChanges changes,
    RequestCollector collector,
    LearnerJobs learner,
    TimeProvider time,
    ILogger<RunExecutor> logger)
{
    private static readonly TimeSpan _saveInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _lastSaveTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Returns when the run has ended or was stopped, its end written down.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="stoppedAs">What the run is after somebody has stopped it.</param>
    /// <param name="stopRequested">Cancelled when somebody stops the run.</param>
    /// <param name="stoppingToken">Cancelled when the process stops; the run then stays where it is.</param>
    public async Task ExecuteAsync(string runId, Func<RunStatus> stoppedAs, CancellationToken stopRequested, CancellationToken stoppingToken)
    {
        var (run, stages, prompts) = await store.LoadAsync(runId, stoppingToken);
        var active = new ActiveRun(runId, run.Seed, RunDefinitionReader.Read(run.Definition), prompts, stopRequested);
        (run.Status, run.Error) = (RunStatus.Running, null);
        var clock = new RunClock(run.Seconds);
        StageRow? current = null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopRequested, stoppingToken);
        try
        {
            foreach (var (stage, options) in stages.Zip(active.Definition.Stages).Where(pair => pair.First.Status != StageStatus.Succeeded))
            {
                current = stage;
                await RunStageAsync(active, run, stages, stage, options, clock, stop.Token);
            }

            run.Status = RunStatus.Succeeded;
        }
        catch (OperationCanceledException) when (stopRequested.IsCancellationRequested)
        {
            // A paused stage's job was cancelled, so its next attempt needs a new one.
            run.Status = stoppedAs();
            Leave(current, StageStatus.Waiting);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Whatever went wrong is this run's end, not the process's: it is told in the run, and the system stays up for calls.
            LogFailed(logger, exception, runId, current?.Name ?? "");
            run.Status = RunStatus.Failed;
            run.Error = current is null ? exception.Message : $"stage '{current.Name}': {exception.Message}";
            Leave(current, StageStatus.Failed);
        }

        run.Seconds = clock.Seconds;
        using var timeout = new CancellationTokenSource(_lastSaveTimeout);
        await store.SaveAsync(run, current, timeout.Token);
        board.Put(RunSnapshot.Of(run, stages));
        LogEnded(logger, runId, run.Status, run.Seconds, run.Error ?? "");
    }

    private static void Leave(StageRow? stage, StageStatus status)
    {
        if (stage is not null)
        {
            stage.FailedAttempts++;
            stage.Status = status;
        }
    }

    private async Task RunStageAsync(
        ActiveRun active, RunRow run, IReadOnlyList<StageRow> stages, StageRow stage, StageOptions options, RunClock clock,
        CancellationToken cancellationToken)
    {
        stage.Status = StageStatus.Running;
        var (stageClock, lastSave) = (new RunClock(stage.Seconds), Stopwatch.StartNew());
        await store.SaveAsync(run, stage, cancellationToken);
        board.Put(RunSnapshot.Of(run, stages));
        LogStageStarted(logger, stage.Name);

        var saving = Task.CompletedTask;
        var context = new StageContext(active, stage, contexts, ledger, changes, collector, learner, time, _ =>
        {
            run.Seconds = clock.Seconds;
            stage.Seconds = stageClock.Seconds;
            board.Put(RunSnapshot.Of(run, stages));
            if (lastSave.Elapsed > _saveInterval && saving.IsCompleted)
            {
                lastSave.Restart();
                saving = store.SaveAsync(run, stage, cancellationToken);
            }
        });
        await IStage.For(options).RunAsync(context, cancellationToken);
        await saving;

        stage.Status = StageStatus.Succeeded;
        (stage.Seconds, run.Seconds) = (stageClock.Seconds, clock.Seconds);
        await store.SaveAsync(run, stage, cancellationToken);
        board.Put(RunSnapshot.Of(run, stages));
        LogStageEnded(logger, stage.Name, stage.Done, stage.Wanted, stage.Unit, stage.Refused, stage.Seconds);
    }

    /// <summary>Seconds in work, those of earlier processes included.</summary>
    private sealed class RunClock(double earlierSeconds)
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();

        public double Seconds => earlierSeconds + _clock.Elapsed.TotalSeconds;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Stage {Stage} begins")]
    private static partial void LogStageStarted(ILogger logger, string stage);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stage {Stage} is done: {Done} of {Wanted} {Unit}, {Refused} refused, {Seconds:0.0} s")]
    private static partial void LogStageEnded(ILogger logger, string stage, long done, long wanted, string unit, long refused, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "Run {RunId} failed in stage {Stage}")]
    private static partial void LogFailed(ILogger logger, Exception exception, string runId, string stage);

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {RunId} ended {Status} after {Seconds:0.0} s {Error}")]
    private static partial void LogEnded(ILogger logger, string runId, RunStatus status, double seconds, string error);
}
