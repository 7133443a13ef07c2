namespace Rlhf.Coordinator.Ledger;

/// <summary>A message on its way into the ledger.</summary>
/// <param name="Receipt">Its receipt; a fact whose receipt is already in the ledger changes nothing.</param>
/// <param name="Rows">What it adds. Rows that are in the ledger already stay as they are.</param>
internal sealed record LedgerFact(ReceiptRow Receipt, IReadOnlyList<object> Rows);
