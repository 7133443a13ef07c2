namespace Rlhf.Coordinator.Web.Provenance;

/// <summary>A line of the ledger's list.</summary>
/// <param name="Id">Of the answer or the preference.</param>
/// <param name="Prompt">The last turn that was answered.</param>
/// <param name="Text">The answer, or the answer that was preferred.</param>
/// <param name="By">Who made it: a policy version, a judge, a person.</param>
/// <param name="Figure">A preference's probability for the preferred answer; null for an answer.</param>
internal sealed record LedgerEntry(string Id, string Prompt, string Text, string By, double? Figure);
