namespace Rlhf.Coordinator.Ledger;

/// <summary>Where a stage stands.</summary>
internal enum StageStatus
{
    Waiting,
    Running,
    Succeeded,
    Failed,
}
