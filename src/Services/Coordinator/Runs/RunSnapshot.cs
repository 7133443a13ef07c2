using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Runs;

/// <summary>A run at one moment.</summary>
internal sealed record RunSnapshot(
    string RunId, string Name, long Seed, RunStatus Status, string? Error, double Seconds, long CreatedUnixMs, IReadOnlyList<StageSnapshot> Stages)
{
    /// <summary>Whether nothing will change any more by itself.</summary>
    public bool IsEnded => Status != RunStatus.Running;

    /// <summary>A run as the ledger has it.</summary>
    public static RunSnapshot Of(RunRow run, IEnumerable<StageRow> stages) => new(
        run.RunId, run.Name, run.Seed, run.Status, run.Error, run.Seconds, run.CreatedUnixMs,
        [
            .. stages.OrderBy(stage => stage.Position).Select(stage => new StageSnapshot(
                stage.Name, stage.Status, stage.Done, stage.Wanted, stage.Refused, stage.Seconds, stage.Unit, stage.Detail)),
        ]);
}
