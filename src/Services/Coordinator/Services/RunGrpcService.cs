using Grpc.Core;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Reports;
using Rlhf.Coordinator.Runs;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Coordinator.Services;

/// <summary>Runs over gRPC.</summary>
internal sealed class RunGrpcService(RunEngine engine, RunPlans plans, RunStore store, RunBoard board, ReportBuilder reports)
    : RunService.RunServiceBase
{
    // A watcher is told a few times a second at most.
    private static readonly TimeSpan _watchInterval = TimeSpan.FromMilliseconds(250);

    public override async Task<Run> StartRun(StartRunRequest request, ServerCallContext context)
    {
        var plan = PlanOf(request);
        var runId = await engine.StartAsync(plan, context.CancellationToken)
            ?? throw Failure(StatusCode.FailedPrecondition, "another run is active; wait for its end or cancel it");
        return Messages.Of(await FindAsync(runId, context.CancellationToken));
    }

    public override async Task<Run> GetRun(GetRunRequest request, ServerCallContext context) =>
        Messages.Of(await FindAsync(request.RunId, context.CancellationToken));

    public override async Task<ListRunsResponse> ListRuns(ListRunsRequest request, ServerCallContext context)
    {
        var runs = await store.ListAsync(context.CancellationToken);
        return new ListRunsResponse { Runs = { runs.Select(run => Messages.Of(board.Find(run.RunId) ?? run)) } };
    }

    public override async Task WatchRun(WatchRunRequest request, IServerStreamWriter<Run> responseStream, ServerCallContext context)
    {
        var runId = request.RunId.Length > 0 ? request.RunId : await StartedByItselfAsync(context.CancellationToken);
        RunSnapshot? last = null;
        while (true)
        {
            var change = board.Next;
            var run = await FindAsync(runId, context.CancellationToken);
            if (!ReferenceEquals(run, last))
            {
                last = run;
                await responseStream.WriteAsync(Messages.Of(run), context.CancellationToken);
            }

            if (run.IsEnded)
            {
                return;
            }

            await change.WaitAsync(context.CancellationToken);
            await Task.Delay(_watchInterval, context.CancellationToken);
        }
    }

    public override Task<Run> PauseRun(PauseRunRequest request, ServerCallContext context) =>
        StopAsync(request.RunId, RunStatus.Paused, context.CancellationToken);

    public override Task<Run> CancelRun(CancelRunRequest request, ServerCallContext context) =>
        StopAsync(request.RunId, RunStatus.Cancelled, context.CancellationToken);

    public override async Task<Run> ResumeRun(ResumeRunRequest request, ServerCallContext context)
    {
        var run = await FindAsync(request.RunId, context.CancellationToken);
        if (run.Status is not (RunStatus.Paused or RunStatus.Failed))
        {
            throw Failure(StatusCode.FailedPrecondition, $"run '{run.RunId}' is {run.Status.ToString().ToLowerInvariant()}; only a paused or failed one can be resumed");
        }

        return await engine.ResumeAsync(run.RunId, context.CancellationToken)
            ? Messages.Of(run with { Status = RunStatus.Running, Error = null })
            : throw Failure(StatusCode.FailedPrecondition, "another run is active; wait for its end or cancel it");
    }

    public override async Task<RunReport> GetReport(GetReportRequest request, ServerCallContext context)
    {
        var runId = request.RunId.Length > 0 ? request.RunId : await StartedByItselfAsync(context.CancellationToken);
        return await reports.BuildAsync(runId, context.CancellationToken) is { } json
            ? new RunReport { RunId = runId, Json = json }
            : throw Failure(StatusCode.NotFound, $"there is no run '{runId}'");
    }

    private RunPlan PlanOf(StartRunRequest request)
    {
        if (request.Seed > long.MaxValue >> 11)
        {
            throw new ArgumentException($"the seed is {request.Seed}; the largest is 2^52 - 1", nameof(request));
        }

        try
        {
            return request.DefinitionCase switch
            {
                StartRunRequest.DefinitionOneofCase.BuiltIn when BuiltInRuns.Find(request.BuiltIn) is { } builtIn =>
                    plans.Make(builtIn, (long)request.Seed),
                StartRunRequest.DefinitionOneofCase.BuiltIn =>
                    throw new ArgumentException($"there is no built-in run '{request.BuiltIn}'; there are: {BuiltInRuns.Names}", nameof(request)),
                StartRunRequest.DefinitionOneofCase.DefinitionText =>
                    plans.Make(RunDefinitionReader.Read(request.DefinitionText), (long)request.Seed),
                _ => throw new ArgumentException("name a built-in run or give a run file's text", nameof(request)),
            };
        }
        catch (FormatException exception)
        {
            throw new ArgumentException("run file: " + exception.Message, nameof(request), exception);
        }
        catch (StartupException exception)
        {
            throw new ArgumentException(exception.Message, nameof(request), exception);
        }
    }

    private async Task<Run> StopAsync(string runId, RunStatus stoppedAs, CancellationToken cancellationToken)
    {
        var run = await FindAsync(runId, cancellationToken);
        if (!engine.Stop(runId, stoppedAs))
        {
            throw Failure(StatusCode.FailedPrecondition, $"run '{runId}' is not active, it is {run.Status.ToString().ToLowerInvariant()}");
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

        return Messages.Of(run);
    }

    private async Task<RunSnapshot> FindAsync(string runId, CancellationToken cancellationToken) =>
        board.Find(runId) ?? await store.FindAsync(runId, cancellationToken)
        ?? throw Failure(StatusCode.NotFound, $"there is no run '{runId}'");

    private async Task<string> StartedByItselfAsync(CancellationToken cancellationToken)
    {
        if (!board.StartsByItself)
        {
            throw Failure(StatusCode.FailedPrecondition, "no run starts by itself here; name one");
        }

        while (true)
        {
            var change = board.Next;
            if (board.StartedByItself is { } runId)
            {
                return runId;
            }

            await change.WaitAsync(cancellationToken);
        }
    }

    private static RpcException Failure(StatusCode code, string message) => new(new Status(code, message));
}
