using Rlhf.Coordinator.Ledger;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Runs;

/// <summary>What people and programs may do with runs, whichever way they ask: gRPC or the console.</summary>
internal sealed class RunCommands(RunPlans plans, RunEngine engine, RunStore store, RunBoard board)
{
    /// <summary>The largest seed: 2^52 - 1, which JSON and signed columns hold exactly.</summary>
    public const long MaxSeed = long.MaxValue >> 11;

    /// <summary>Starts a built-in run.</summary>
    /// <exception cref="ArgumentException">There is none of that name, the seed is too large, or the prompts are unusable.</exception>
    /// <exception cref="RunRefusedException">Another run is active.</exception>
    public Task<RunSnapshot> StartBuiltInAsync(string name, ulong seed, CancellationToken cancellationToken) =>
        BuiltInRuns.Find(name) is { } builtIn
            ? StartAsync(builtIn, seed, cancellationToken)
            : throw new ArgumentException($"there is no built-in run '{name}'; there are: {BuiltInRuns.Names}");

    /// <summary>Starts what a run file says.</summary>
    /// <exception cref="ArgumentException">The text is no run file (the line is told where it is known), the seed is too large, or the prompts or preferences are unusable.</exception>
    /// <exception cref="RunRefusedException">Another run is active.</exception>
    public Task<RunSnapshot> StartFileAsync(string text, ulong seed, CancellationToken cancellationToken)
    {
        try
        {
            return StartAsync(RunDefinitionReader.Read(text), seed, cancellationToken);
        }
        catch (FormatException exception)
        {
            throw new ArgumentException("run file: " + exception.Message, exception);
        }
    }

    /// <summary>Stops the active run and waits until it stands.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="stoppedAs"><see cref="RunStatus.Paused"/> or <see cref="RunStatus.Cancelled"/>.</param>
    /// <exception cref="KeyNotFoundException">There is no such run.</exception>
    /// <exception cref="RunRefusedException">The run is not active.</exception>
    public async Task<RunSnapshot> StopAsync(string runId, RunStatus stoppedAs, CancellationToken cancellationToken)
    {
        var run = await FindAsync(runId, cancellationToken);
        if (!engine.Stop(runId, stoppedAs))
        {
            throw new RunRefusedException($"run '{runId}' is not active, it is {run.Status.ToString().ToLowerInvariant()}");
        }

        while (!run.IsEnded)
        {
            var change = board.Next;
            run = await FindAsync(runId, cancellationToken);
            if (!run.IsEnded)
            {
                await change.WaitAsync(cancellationToken);
            }
        }

        return run;
    }

    /// <summary>Goes on with a paused or failed run.</summary>
    /// <exception cref="KeyNotFoundException">There is no such run.</exception>
    /// <exception cref="RunRefusedException">The run can't go on, or another one is active.</exception>
    public async Task<RunSnapshot> ResumeAsync(string runId, CancellationToken cancellationToken)
    {
        var run = await FindAsync(runId, cancellationToken);
        if (run.Status is not (RunStatus.Paused or RunStatus.Failed))
        {
            throw new RunRefusedException($"run '{runId}' is {run.Status.ToString().ToLowerInvariant()}; only a paused or failed one can be resumed");
        }

        return await engine.ResumeAsync(runId, cancellationToken)
            ? run with { Status = RunStatus.Running, Error = null }
            : throw AnotherIsActive();
    }

    /// <summary>A run as it is now.</summary>
    /// <exception cref="KeyNotFoundException">There is no such run.</exception>
    public async Task<RunSnapshot> FindAsync(string runId, CancellationToken cancellationToken) =>
        board.Find(runId) ?? await store.FindAsync(runId, cancellationToken)
        ?? throw new KeyNotFoundException($"there is no run '{runId}'");

    /// <summary>All runs as they are now, the newest first.</summary>
    public async Task<IReadOnlyList<RunSnapshot>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await store.ListAsync(cancellationToken)).Select(run => board.Find(run.RunId) ?? run)];

    private async Task<RunSnapshot> StartAsync(RunDefinition definition, ulong seed, CancellationToken cancellationToken)
    {
        if (seed > MaxSeed)
        {
            throw new ArgumentException($"the seed is {seed}; the largest is 2^52 - 1");
        }

        RunPlan plan;
        try
        {
            plan = plans.Make(definition, (long)seed, folder: null);
        }
        catch (StartupException exception)
        {
            throw new ArgumentException(exception.Message, exception);
        }

        var runId = await engine.StartAsync(plan, cancellationToken) ?? throw AnotherIsActive();
        return await FindAsync(runId, cancellationToken);
    }

    private static RunRefusedException AnotherIsActive() => new("another run is active; wait for its end or cancel it");
}
