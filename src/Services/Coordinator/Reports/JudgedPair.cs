namespace Rlhf.Coordinator.Reports;

/// <summary>What the judge said of a pair that people compared too.</summary>
/// <param name="PairId">The pair.</param>
/// <param name="PreferenceA">Probability that answer A is better.</param>
/// <param name="PrincipleId">The principle that it compared under; null where none is known.</param>
internal sealed record JudgedPair(string PairId, double PreferenceA, string? PrincipleId);
