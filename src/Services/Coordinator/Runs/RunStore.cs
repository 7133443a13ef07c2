using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Exchange;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;

namespace Rlhf.Coordinator.Runs;

/// <summary>Runs in the ledger.</summary>
internal sealed class RunStore(IDbContextFactory<LedgerContext> contexts, LedgerWriter ledger, TimeProvider time)
{
    /// <summary>Writes a new run with its stages, its prompts and the preferences that it has from files down, all or nothing.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> CreateAsync(RunPlan plan, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var runId = FormattableString.Invariant($"{AddressName(plan.Definition.Name)}-{now:yyyyMMdd-HHmmss}-{Guid.NewGuid().ToString("N")[..4]}");
        await ledger.WriteAsync((context, _) =>
        {
            context.Runs.Add(new RunRow
            {
                RunId = runId,
                Name = plan.Definition.Name,
                Seed = plan.Seed,
                Definition = RunDefinitionReader.Write(plan.Definition),
                Status = RunStatus.Running,
                CreatedUnixMs = now.ToUnixTimeMilliseconds(),
                PromptReport = JsonSerializer.Serialize(plan.Source, StageContext.ResultJson),
            });
            var imported = AddImports(context, runId, plan);
            context.Stages.AddRange(plan.Definition.Stages.Select((stage, position) => new StageRow
            {
                RunId = runId,
                Name = stage.Name,
                Position = position,
                Results = imported.GetValueOrDefault(stage.Name, "{}"),
            }));
            context.Prompts.AddRange(plan.Prompts.Select((prompt, position) => PromptRow.Of(runId, prompt, position)));
            return Task.CompletedTask;
        }, cancellationToken);
        return runId;
    }

    /// <summary>A run as the ledger has it; null where it has none of that id.</summary>
    public async Task<RunSnapshot?> FindAsync(string runId, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Runs.AsNoTracking().SingleOrDefaultAsync(row => row.RunId == runId, cancellationToken) is { } run
            ? RunSnapshot.Of(run, await StagesAsync(context, runId, cancellationToken))
            : null;
    }

    /// <summary>All runs, the newest first.</summary>
    public async Task<IReadOnlyList<RunSnapshot>> ListAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var runs = await context.Runs.AsNoTracking().OrderByDescending(run => run.CreatedUnixMs).ToListAsync(cancellationToken);
        var stages = (await context.Stages.AsNoTracking().ToListAsync(cancellationToken)).ToLookup(stage => stage.RunId);
        return [.. runs.Select(run => RunSnapshot.Of(run, stages[run.RunId]))];
    }

    /// <summary>The newest run that did not end well and was not given up; null where there is none.</summary>
    public async Task<string?> NewestUnfinishedAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Runs.AsNoTracking()
            .Where(run => run.Status != RunStatus.Succeeded && run.Status != RunStatus.Cancelled)
            .OrderByDescending(run => run.CreatedUnixMs)
            .Select(run => run.RunId)
            .FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>Everything needed to go on with a run.</summary>
    public async Task<(RunRow Run, IReadOnlyList<StageRow> Stages, PromptSet Prompts)> LoadAsync(string runId, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var run = await context.Runs.AsNoTracking().SingleAsync(row => row.RunId == runId, cancellationToken);
        var prompts = await context.Prompts.AsNoTracking().Where(prompt => prompt.RunId == runId)
            .OrderBy(prompt => prompt.Position).ToListAsync(cancellationToken);
        return (run, await StagesAsync(context, runId, cancellationToken), new PromptSet([.. prompts.Select(prompt => new RunPrompt(
            prompt.PromptId, prompt.Kind, JsonSerializer.Deserialize<List<Turn>>(prompt.Turns) ?? [], prompt.IsEvaluation))]));
    }

    /// <summary>Writes the state of a run and one of its stages down.</summary>
    public Task SaveAsync(RunRow run, StageRow? stage, CancellationToken cancellationToken)
    {
        // Copies: the engine goes on changing its rows.
        var (status, error, seconds) = (run.Status, run.Error, run.Seconds);
        var stageRow = stage is null ? null : Copy(stage);
        return ledger.WriteAsync(async (context, token) =>
        {
            if (await context.Runs.FindAsync([run.RunId], token) is { } known)
            {
                (known.Status, known.Error, known.Seconds) = (status, error, seconds);
            }

            if (stageRow is not null && await context.Stages.FindAsync([stageRow.RunId, stageRow.Name], token) is { } knownStage)
            {
                context.Entry(knownStage).CurrentValues.SetValues(stageRow);
            }
        }, cancellationToken);
    }

    /// <summary>Marks runs that were left in the middle by a process that is gone, and with them their labelling.</summary>
    /// <returns>The newest of them; null where none was.</returns>
    public Task<InterruptedRun?> MarkInterruptedAsync(CancellationToken cancellationToken) => ledger.DecideAsync(async (context, token) =>
    {
        InterruptedRun? newest = null;
        foreach (var run in await context.Runs.Where(run => run.Status == RunStatus.Running).OrderBy(run => run.CreatedUnixMs).ToListAsync(token))
        {
            run.Status = RunStatus.Paused;
            run.Error = "the Coordinator stopped before the run's end; it can be resumed";
            var open = await context.Labellings.Where(row => row.RunId == run.RunId && row.State == LabellingState.Open).ToListAsync(token);
            open.ForEach(labelling => labelling.State = LabellingState.Paused);
            newest = new InterruptedRun(run, WaitedForPeople: open.Count > 0);
        }

        return newest;
    }, cancellationToken);

    /// <summary>What the stages that have their preferences from a file start with as results: their reports.</summary>
    private static Dictionary<string, string> AddImports(LedgerContext context, string runId, RunPlan plan)
    {
        if (plan.Imports.Count == 0)
        {
            return [];
        }

        // The run may have an id of its own for a prompt of the file.
        var ids = plan.Prompts.ToDictionary(prompt => RunPrompt.IdOf(prompt.Turns), prompt => prompt.PromptId);
        return plan.Imports.ToDictionary(
            import => import.Key,
            import => JsonSerializer.Serialize(
                ImportedRows.AddTo(context, runId, import.Key, import.Value, pair => ids[RunPrompt.IdOf(pair.Turns)]), StageContext.ResultJson));
    }

    // Run ids stand in addresses and in message ids, where a slash or a space would be something else.
    private static string AddressName(string name) =>
        string.Concat(name.Take(64).Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' ? letter : '-'));

    private static StageRow Copy(StageRow row) => new()
    {
        RunId = row.RunId,
        Name = row.Name,
        Position = row.Position,
        Status = row.Status,
        Done = row.Done,
        Wanted = row.Wanted,
        Refused = row.Refused,
        RefusedByReason = row.RefusedByReason,
        Seconds = row.Seconds,
        Unit = row.Unit,
        Detail = row.Detail,
        PublishedVersion = row.PublishedVersion,
        Results = row.Results,
        FailedAttempts = row.FailedAttempts,
    };

    private static async Task<IReadOnlyList<StageRow>> StagesAsync(LedgerContext context, string runId, CancellationToken cancellationToken) =>
        await context.Stages.AsNoTracking().Where(stage => stage.RunId == runId).OrderBy(stage => stage.Position).ToListAsync(cancellationToken);
}
