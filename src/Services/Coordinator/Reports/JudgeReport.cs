namespace Rlhf.Coordinator.Reports;

/// <summary>The judge.</summary>
/// <param name="Comparisons">How many it made.</param>
/// <param name="SamePositionRate">How often both orders of a pair named the same position.</param>
/// <param name="FirstShare">Its mean probability for the option shown first, over both orders: one half where it has no preference for a position.</param>
/// <param name="Versions">Which models judged.</param>
/// <param name="TemplateHashes">With which templates.</param>
internal sealed record JudgeReport(
    int Comparisons, double? SamePositionRate, double? FirstShare, IReadOnlyList<string> Versions, IReadOnlyList<string> TemplateHashes);
