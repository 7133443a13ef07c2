using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Exchange;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.V1;

namespace Rlhf.Coordinator.Runs;

/// <summary>What a stage works with: its run, the ledger, the queues, the Learner, and the place where it reports.</summary>
internal sealed class StageContext(
    ActiveRun run,
    StageRow row,
    IDbContextFactory<LedgerContext> contexts,
    LedgerWriter ledger,
    LedgerChanges changes,
    RequestCollector collector,
    LearnerJobs learner,
    TimeProvider time,
    Action<StageRow> onProgress)
{
    public ActiveRun Run => run;

    public string Name => row.Name;

    /// <summary>The stage's row, as it will be saved; the engine owns it.</summary>
    public StageRow Row => row;

    /// <summary>Completes at the ledger's next change: read it, then look, then wait.</summary>
    public Task NextChange => changes.Next;

    /// <summary>The time.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>A seed for one of this stage's items, the same in every run with the run's seed.</summary>
    public long SeedFor(string item) => Seeds.Derive(run.Seed, $"{row.Name}/{item}");

    /// <summary>The header of a request for one of this stage's items.</summary>
    public MessageHeader Header(string item) => new() { MessageId = MessageId(item), RunId = run.RunId, Stage = row.Name };

    public string MessageId(string item) => $"{run.RunId}/{row.Name}/{item}";

    public static Conversation Conversation(RunPrompt prompt) => new()
    {
        Messages = { prompt.Turns.Select(turn => new ChatMessage { Role = turn.Role, Content = turn.Content }) },
    };

    public async Task<LedgerContext> OpenLedgerAsync(CancellationToken cancellationToken) => await contexts.CreateDbContextAsync(cancellationToken);

    public Task WriteAsync(Func<LedgerContext, CancellationToken, Task> apply, CancellationToken cancellationToken) =>
        ledger.WriteAsync(apply, cancellationToken);

    /// <summary>Tells how far the stage is.</summary>
    public void Report(long done, long wanted, string unit, string detail)
    {
        row.Done = done;
        row.Wanted = wanted;
        row.Unit = unit;
        row.Detail = detail;
        onProgress(row);
    }

    /// <summary>Tells which items ended in an error: reason → how many.</summary>
    public void ReportRefused(IReadOnlyDictionary<string, long> byReason)
    {
        row.Refused = byReason.Values.Sum();
        row.RefusedByReason = JsonSerializer.Serialize(byReason);
    }

    /// <summary>Tells of comparisons that come from a file.</summary>
    public void ReportImport(ImportReport report)
    {
        report.WriteTo(row);
        onProgress(row);
    }

    /// <summary>Keeps the stage's final figures, for the report.</summary>
    public void ReportResults<T>(T results) => row.Results = JsonSerializer.Serialize(results, ResultJson);

    /// <summary>How results are written.</summary>
    public static JsonSerializerOptions ResultJson { get; } = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Gets items through the queues; an item that fails is counted with its reason, and all failing fails the stage.</summary>
    /// <returns>Message ids of the items that have a result.</returns>
    public Task<IReadOnlySet<string>> CollectAsync(
        IReadOnlyList<WantedItem> items, string unit, CancellationToken cancellationToken) =>
        CollectAsync(items, unit, wantedBeside: 0, cancellationToken);

    /// <summary>The same, in a stage that wants more than these items.</summary>
    public async Task<IReadOnlySet<string>> CollectAsync(
        IReadOnlyList<WantedItem> items, string unit, long wantedBeside, CancellationToken cancellationToken)
    {
        var outcomes = await collector.CollectAsync(
            run.RunId, row.Name, items,
            (done, errors) =>
            {
                ReportRefused(ByReason(errors));
                Report(done, items.Count + wantedBeside, unit, errors.Count == 0 ? "" : $"{errors.Count} refused");
            },
            cancellationToken);
        var failed = outcomes.Values.OfType<string>().ToList();
        if (items.Count > 0 && failed.Count == items.Count)
        {
            var (reason, count) = ByReason(failed).MaxBy(pair => pair.Value);
            throw new StageFailedException($"all {items.Count} {unit} were refused, {count} of them because: {reason}");
        }

        return outcomes.Where(outcome => outcome.Value is null).Select(outcome => outcome.Key).ToHashSet();
    }

    /// <summary>
    /// Gets items that are measured and not trained on: their results are under another stage's name, which <see cref="BesideName"/> gives.
    /// Items that fail are counted as refused; nothing depends on them.
    /// </summary>
    public async Task CollectBesideAsync(IReadOnlyList<WantedItem> items, CancellationToken cancellationToken)
    {
        var outcomes = await collector.CollectAsync(run.RunId, BesideName, items, static (_, _) => { }, cancellationToken);
        ReportRefused(ByReason(outcomes.Values.OfType<string>()));
    }

    /// <summary>The name under which this stage's measurements are.</summary>
    public string BesideName => BesideNameOf(row.Name);

    /// <summary>The name under which a stage's measurements are.</summary>
    public static string BesideNameOf(string stage) => $"{stage}/measured";

    /// <summary>Has a job done by the Learner, with its steps as this stage's progress and its figures in the ledger.</summary>
    /// <param name="configure">Says what the job is.</param>
    /// <param name="data">What it learns from.</param>
    /// <param name="doneBefore">What this stage has done before the job; the stage's count goes on from there.</param>
    /// <param name="unit">What that count is of.</param>
    /// <param name="describe">Says in a few words where a step stands.</param>
    /// <param name="cancellationToken">Stops waiting; the job ends with it where somebody has stopped the run.</param>
    public async Task<Job> RunJobAsync(
        Action<JobSpecification> configure, JobData data, long doneBefore, string unit, Func<StepMetrics, string> describe, CancellationToken cancellationToken)
    {
        var id = $"{run.RunId}/{row.Name}" + (row.FailedAttempts == 0 ? "" : $"/attempt-{row.FailedAttempts + 1}");
        var specification = new JobSpecification
        {
            JobId = id,
            RunId = run.RunId,
            Seed = (ulong)SeedFor("job"),
            PublishedVersion = $"{id}/v1",
        };
        configure(specification);
        var detail = "";
        try
        {
            var job = await learner.RunAsync(specification, data, async job =>
            {
                if (job.Metrics.Count > 0)
                {
                    detail = describe(job.Metrics[^1]);
                    await SaveMetricsAsync(job.Metrics, cancellationToken);
                }

                var told = job.Warnings.Count == 0 ? detail : $"{detail}; warning: {job.Warnings[^1]}";
                Report(doneBefore + job.StepsDone, doneBefore + job.StepsWanted, unit, told);
            }, cancellationToken);

            if (job.Refused.Count > 0)
            {
                ReportRefused(MergedRefusals(job.Refused));
            }

            row.PublishedVersion = job.PublishedVersion;
            return job;
        }
        catch (OperationCanceledException) when (run.StopRequested.IsCancellationRequested)
        {
            // Not when this process stops: the job goes on then, and the next process finds it.
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            await learner.CancelAsync(id, timeout.Token);
            throw;
        }
    }

    /// <summary>The version published by the nearest stage of a kind before this one; null where there is none.</summary>
    public async Task<string?> PublishedByAsync<TOptions>(CancellationToken cancellationToken)
        where TOptions : StageOptions =>
        await NearestAsync<TOptions>(cancellationToken) is { } stage
            ? stage.PublishedVersion ?? throw new StageFailedException($"stage '{stage.Name}' has published no version")
            : null;

    /// <summary>The nearest stage of a kind before this one.</summary>
    public async Task<StageRow?> NearestAsync<TOptions>(CancellationToken cancellationToken)
        where TOptions : StageOptions
    {
        var name = run.Definition.Stages.TakeWhile(stage => stage.Name != row.Name).OfType<TOptions>().LastOrDefault()?.Name;
        if (name is null)
        {
            return null;
        }

        await using var context = await OpenLedgerAsync(cancellationToken);
        return await context.Stages.AsNoTracking().SingleAsync(stage => stage.RunId == run.RunId && stage.Name == name, cancellationToken);
    }

    /// <summary>The nearest stage of a kind before this one, which this stage can't do without.</summary>
    public async Task<StageRow> RequireAsync<TOptions>(string kind, CancellationToken cancellationToken)
        where TOptions : StageOptions =>
        await NearestAsync<TOptions>(cancellationToken)
        ?? throw new StageFailedException($"stage '{row.Name}' needs a stage '{kind}' before it");

    private static Dictionary<string, long> ByReason(IEnumerable<string> errors) =>
        errors.GroupBy(error => error).ToDictionary(group => group.Key, group => (long)group.Count());

    private Dictionary<string, long> MergedRefusals(IEnumerable<KeyValuePair<string, long>> more) =>
        (JsonSerializer.Deserialize<Dictionary<string, long>>(row.RefusedByReason) ?? []).Concat(more)
            .GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value));

    // A job that began anew counts its steps anew: the newer figure of a step stands.
    private Task SaveMetricsAsync(IReadOnlyList<StepMetrics> metrics, CancellationToken cancellationToken) => ledger.WriteAsync(
        async (context, token) =>
        {
            foreach (var step in metrics)
            {
                foreach (var (name, value) in step.Values)
                {
                    if (await context.StepMetrics.FindAsync([run.RunId, row.Name, step.Step, name], token) is { } known)
                    {
                        known.Value = value;
                    }
                    else
                    {
                        context.StepMetrics.Add(new StepMetricRow { RunId = run.RunId, Stage = row.Name, Step = step.Step, Name = name, Value = value });
                    }
                }
            }
        },
        cancellationToken);
}
