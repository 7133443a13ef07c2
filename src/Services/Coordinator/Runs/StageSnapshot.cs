using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Runs;

/// <summary>A stage at one moment.</summary>
internal sealed record StageSnapshot(
    string Name, StageStatus Status, long Done, long Wanted, long Refused, double Seconds, string Unit, string Detail);
