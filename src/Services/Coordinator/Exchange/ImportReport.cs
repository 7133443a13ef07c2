namespace Rlhf.Coordinator.Exchange;

/// <summary>What became of a file.</summary>
/// <param name="RunId">Under which it is in the ledger; null where it has no usable row, and nothing was written.</param>
/// <param name="Sha256">Of the file, lower-case hex.</param>
/// <param name="Rows">Rows of the file.</param>
/// <param name="Comparisons">Those that were taken.</param>
/// <param name="Prompts">Different prompts among them.</param>
/// <param name="Responses">Different answers.</param>
/// <param name="Refused">The other rows by reason.</param>
internal sealed record ImportReport(
    string? RunId, string Sha256, int Rows, int Comparisons, int Prompts, int Responses, IReadOnlyList<RefusedRows> Refused);
