using Grpc.Core;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Reports;
using Rlhf.Coordinator.Runs;
using Rlhf.V1;

namespace Rlhf.Coordinator.Services;

/// <summary>Runs over gRPC.</summary>
internal sealed class RunGrpcService(RunCommands commands, RunBoard board, ReportBuilder reports) : RunService.RunServiceBase
{
    // A watcher is told a few times a second at most.
    private static readonly TimeSpan _watchInterval = TimeSpan.FromMilliseconds(250);

    public override Task<Run> StartRun(StartRunRequest request, ServerCallContext context) => AnswerAsync(request.DefinitionCase switch
    {
        StartRunRequest.DefinitionOneofCase.BuiltIn => commands.StartBuiltInAsync(request.BuiltIn, request.Seed, context.CancellationToken),
        StartRunRequest.DefinitionOneofCase.DefinitionText => commands.StartFileAsync(request.DefinitionText, request.Seed, context.CancellationToken),
        _ => throw new ArgumentException("name a built-in run or give a run file's text", nameof(request)),
    });

    public override async Task<Run> GetRun(GetRunRequest request, ServerCallContext context) =>
        Messages.Of(await commands.FindAsync(request.RunId, context.CancellationToken));

    public override async Task<ListRunsResponse> ListRuns(ListRunsRequest request, ServerCallContext context) =>
        new() { Runs = { (await commands.ListAsync(context.CancellationToken)).Select(Messages.Of) } };

    public override async Task WatchRun(WatchRunRequest request, IServerStreamWriter<Run> responseStream, ServerCallContext context)
    {
        var runId = request.RunId.Length > 0 ? request.RunId : await StartedByItselfAsync(context.CancellationToken);
        RunSnapshot? last = null;
        while (true)
        {
            var change = board.Next;
            var run = await commands.FindAsync(runId, context.CancellationToken);
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
        AnswerAsync(commands.StopAsync(request.RunId, RunStatus.Paused, context.CancellationToken));

    public override Task<Run> CancelRun(CancelRunRequest request, ServerCallContext context) =>
        AnswerAsync(commands.StopAsync(request.RunId, RunStatus.Cancelled, context.CancellationToken));

    public override Task<Run> ResumeRun(ResumeRunRequest request, ServerCallContext context) =>
        AnswerAsync(commands.ResumeAsync(request.RunId, context.CancellationToken));

    public override async Task<RunReport> GetReport(GetReportRequest request, ServerCallContext context)
    {
        var runId = request.RunId.Length > 0 ? request.RunId : await StartedByItselfAsync(context.CancellationToken);
        return await reports.BuildAsync(runId, context.CancellationToken) is { } json
            ? new RunReport { RunId = runId, Json = json }
            : throw Failure(StatusCode.NotFound, $"there is no run '{runId}'");
    }

    private static async Task<Run> AnswerAsync(Task<RunSnapshot> command)
    {
        try
        {
            return Messages.Of(await command);
        }
        catch (RunRefusedException exception)
        {
            throw Failure(StatusCode.FailedPrecondition, exception.Message);
        }
    }

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
