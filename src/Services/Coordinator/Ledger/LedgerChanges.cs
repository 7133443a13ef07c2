namespace Rlhf.Coordinator.Ledger;

/// <summary>Raised after each commit.</summary>
internal sealed class LedgerChanges : Runs.ChangeSignal;
