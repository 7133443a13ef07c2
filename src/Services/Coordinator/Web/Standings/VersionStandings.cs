using Rlhf.Coordinator.Ratings;

namespace Rlhf.Coordinator.Web.Standings;

/// <summary>The policy versions of a run, rated by comparisons of their answers, and whoever compared.</summary>
/// <param name="Comparisons">Comparisons of the run when this was made.</param>
/// <param name="WithinOneVersion">Those of two answers of one version, which say nothing about versions.</param>
/// <param name="MadeUnixMs">When this was made.</param>
/// <param name="ByJudge">The rated versions according to everybody (""), and according to each judge and labeller alone.</param>
/// <param name="Raters">The judges and labellers, rated.</param>
internal sealed record VersionStandings(
    int Comparisons, int WithinOneVersion, long MadeUnixMs, IReadOnlyDictionary<string, IReadOnlyList<RatedPlayer>> ByJudge, RaterStandings Raters);
