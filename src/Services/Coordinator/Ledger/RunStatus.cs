namespace Rlhf.Coordinator.Ledger;

/// <summary>Where a run stands.</summary>
internal enum RunStatus
{
    Running,
    Paused,
    Succeeded,
    Failed,
    Cancelled,
}
