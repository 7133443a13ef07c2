namespace Rlhf.Coordinator.Ledger;

/// <summary>Another Coordinator writes to this ledger.</summary>
internal sealed class LedgerHeldException() : Exception(
    "another Coordinator writes to it, and there can be only one; stop that one, or give this one a database of its own");
