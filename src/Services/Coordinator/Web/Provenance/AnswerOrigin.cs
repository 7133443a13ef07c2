using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;

namespace Rlhf.Coordinator.Web.Provenance;

/// <summary>An answer with all that the ledger knows of it.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Turns">What it answers.</param>
/// <param name="Version">What made the version that answered; null for the base model.</param>
/// <param name="Scores">By which reward models it was scored.</param>
/// <param name="Rating">Its rating among the answers to its prompt.</param>
/// <param name="Rounds">Critiques and revisions of it.</param>
/// <param name="Comparisons">Comparisons that it took part in, the first of them.</param>
internal sealed record AnswerOrigin(
    ResponseRow Answer, IReadOnlyList<Turn> Turns, VersionRow? Version, IReadOnlyList<ScoreRow> Scores, RatingRow? Rating,
    IReadOnlyList<RevisionRoundRow> Rounds, IReadOnlyList<ComparisonRow> Comparisons);
