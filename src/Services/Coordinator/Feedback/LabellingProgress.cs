using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Feedback;

/// <summary>How far a stage's labels are.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Stage">The stage.</param>
/// <param name="State">Whether people may label.</param>
/// <param name="Done">Labels that count.</param>
/// <param name="Wanted">The goal.</param>
/// <param name="Flagged">Pairs withheld because somebody flagged them.</param>
/// <param name="Labellers">Everybody's for leads and viewers, a labeller's own otherwise.</param>
internal sealed record LabellingProgress(
    string RunId, string Stage, LabellingState State, int Done, int Wanted, int Flagged, IReadOnlyList<LabellerProgress> Labellers);
