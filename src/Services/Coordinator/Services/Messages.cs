using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;
using Rlhf.V1;

namespace Rlhf.Coordinator.Services;

/// <summary>Snapshots as generated messages.</summary>
internal static class Messages
{
    public static Run Of(RunSnapshot run) => new()
    {
        RunId = run.RunId,
        Name = run.Name,
        Seed = (ulong)run.Seed,
        State = run.Status switch
        {
            RunStatus.Running => RunState.Running,
            RunStatus.Paused => RunState.Paused,
            RunStatus.Succeeded => RunState.Succeeded,
            RunStatus.Failed => RunState.Failed,
            RunStatus.Cancelled => RunState.Cancelled,
            _ => RunState.Unspecified,
        },
        Error = run.Error ?? "",
        ElapsedSeconds = run.Seconds,
        Stages =
        {
            run.Stages.Select(stage => new RunStage
            {
                Name = stage.Name,
                State = stage.Status switch
                {
                    StageStatus.Waiting => StageState.Waiting,
                    StageStatus.Running => StageState.Running,
                    StageStatus.Succeeded => StageState.Succeeded,
                    StageStatus.Failed => StageState.Failed,
                    _ => StageState.Unspecified,
                },
                Done = stage.Done,
                Wanted = stage.Wanted,
                Refused = stage.Refused,
                Seconds = stage.Seconds,
                Detail = stage.Detail,
                Unit = stage.Unit,
            }),
        },
    };
}
