namespace Rlhf.Coordinator.Web.Provenance;

/// <summary>A page of the ledger's list.</summary>
/// <param name="Total">All entries of the run.</param>
/// <param name="Entries">Those of the page.</param>
/// <param name="Next">After which entry the next page begins; null on the last.</param>
internal sealed record LedgerList(int Total, IReadOnlyList<LedgerEntry> Entries, string? Next);
