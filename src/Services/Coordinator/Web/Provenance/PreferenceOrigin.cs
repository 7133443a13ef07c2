using Rlhf.Coordinator.Exchange;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;

namespace Rlhf.Coordinator.Web.Provenance;

/// <summary>A preference with all that the ledger knows of it.</summary>
/// <param name="Comparison">The preference.</param>
/// <param name="Turns">What both answers answer.</param>
/// <param name="A">Answer A.</param>
/// <param name="B">Answer B.</param>
/// <param name="Import">The file that it was imported from; null where somebody compared here.</param>
/// <param name="Labels">What people said of this pair, undone labels too, in their order; empty for a judge's.</param>
internal sealed record PreferenceOrigin(
    ComparisonRow Comparison, IReadOnlyList<Turn> Turns, ResponseRow? A, ResponseRow? B, ImportReport? Import, IReadOnlyList<LabelRow> Labels);
