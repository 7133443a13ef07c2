namespace Rlhf.Coordinator.Reports;

/// <summary>The judge: how often both orders of a pair named the same position, and which models and templates judged.</summary>
internal sealed record JudgeReport(
    int Comparisons, double? SamePositionRate, IReadOnlyList<string> Versions, IReadOnlyList<string> TemplateHashes);
