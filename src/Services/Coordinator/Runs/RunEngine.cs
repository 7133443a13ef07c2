using System.Threading.Channels;
using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Runs;

/// <summary>Carries runs out, one at a time: the one that starts by itself, and those that are started or resumed by call.</summary>
internal sealed partial class RunEngine(
    RunPlans plans, CoordinatorRunOptions options, RunSession session, RunStore store, RunBoard board, RunExecutor executor, ILogger<RunEngine> logger)
    : BackgroundService
{
    private readonly Channel<Active> _next = Channel.CreateBounded<Active>(1);
    private RunPlan? _atStart;
    private Active? _active;

    /// <summary>Reads the run that starts by itself, so that what is wrong with it stops the start.</summary>
    /// <exception cref="ServiceDefaults.StartupException">The run file or the prompt file is unusable.</exception>
    public void Prepare()
    {
        _atStart = plans.AtStart();
        board.StartsByItself = _atStart is not null;
    }

    /// <summary>Starts a run; null when another one is active.</summary>
    public async Task<string?> StartAsync(RunPlan plan, CancellationToken cancellationToken)
    {
        var active = new Active();
        if (Interlocked.CompareExchange(ref _active, active, null) is not null)
        {
            return null;
        }

        try
        {
            active.RunId = await store.CreateAsync(plan, cancellationToken);
        }
        catch
        {
            Release();
            throw;
        }

        await _next.Writer.WriteAsync(active, CancellationToken.None);
        return active.RunId;
    }

    /// <summary>Goes on with a run of the ledger; false when another one is active.</summary>
    public async Task<bool> ResumeAsync(string runId, CancellationToken cancellationToken)
    {
        var active = new Active { RunId = runId };
        if (Interlocked.CompareExchange(ref _active, active, null) is not null)
        {
            return false;
        }

        await _next.Writer.WriteAsync(active, cancellationToken);
        return true;
    }

    /// <summary>Stops the active run; false when it is not this one.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="stoppedAs"><see cref="RunStatus.Paused"/> or <see cref="RunStatus.Cancelled"/>.</param>
    public bool Stop(string runId, RunStatus stoppedAs)
    {
        if (_active is not { } active || active.RunId != runId)
        {
            return false;
        }

        active.StoppedAs = stoppedAs;
        active.Stop.Cancel();
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        board.StartedByItself = await BeginAsync(await store.MarkInterruptedAsync(stoppingToken), stoppingToken);
        board.StartsByItself |= board.StartedByItself is not null;
        board.Raise();

        await foreach (var active in _next.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await executor.ExecuteAsync(active.RunId, () => active.StoppedAs, active.Stop.Token, stoppingToken);
            }
            finally
            {
                Release();
            }
        }
    }

    private async Task<string?> BeginAsync(InterruptedRun? interrupted, CancellationToken cancellationToken)
    {
        var (isRestart, started) = session.Read();
        if (!isRestart)
        {
            session.Write(runId: null);
            started = await StartByItselfAsync(interrupted is { WaitedForPeople: true } ? interrupted.Run : null, cancellationToken);
        }
        else if (interrupted is not null)
        {
            // What the process that died was about, whoever had started it.
            LogResumed(logger, interrupted.Run.RunId);
            await ResumeAsync(interrupted.Run.RunId, cancellationToken);
            started ??= interrupted.Run.RunId;
        }
        else if (started is null && _atStart is { } plan)
        {
            started = await StartAsync(plan, cancellationToken); // it had not come to that
        }

        session.Write(started);
        return started;
    }

    // A run that was waiting for people goes on waiting, whoever restarted the process, unless they want another run instead.
    private async Task<string?> StartByItselfAsync(RunRow? waiting, CancellationToken cancellationToken)
    {
        if (waiting is not null && (_atStart is null || IsSame(waiting, _atStart)))
        {
            LogResumed(logger, waiting.RunId);
            return await ResumeAsync(waiting.RunId, cancellationToken) ? waiting.RunId : null;
        }

        if (_atStart is not { } plan)
        {
            return null;
        }

        if (options.Resume && await store.NewestUnfinishedAsync(cancellationToken) is { } unfinished)
        {
            LogResumed(logger, unfinished);
            return await ResumeAsync(unfinished, cancellationToken) ? unfinished : null;
        }

        if (waiting is not null)
        {
            LogLeftWaiting(logger, waiting.RunId);
        }

        return await StartAsync(plan, cancellationToken);
    }

    private static bool IsSame(RunRow run, RunPlan plan) => run.Seed == plan.Seed && run.Definition == RunDefinitionReader.Write(plan.Definition);

    private void Release() => Volatile.Write(ref _active, null);

    private sealed class Active
    {
        public string RunId { get; set; } = "";

        // Not disposed: a stop that comes in the last moment must find it.
        public CancellationTokenSource Stop { get; } = new();

        public RunStatus StoppedAs { get; set; } = RunStatus.Paused;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Going on with run {RunId}")]
    private static partial void LogResumed(ILogger logger, string runId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {RunId} is waiting for people and is paused now, as another run starts; resume it when that one has ended")]
    private static partial void LogLeftWaiting(ILogger logger, string runId);
}
