using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Runs;

/// <summary>A run that was left in the middle by a process that is gone.</summary>
/// <param name="Run">The run, marked as paused.</param>
/// <param name="WaitedForPeople">Whether it did nothing that the process's end could interrupt.</param>
internal sealed record InterruptedRun(RunRow Run, bool WaitedForPeople);
