using Rlhf.Coordinator.Agreement;

namespace Rlhf.Coordinator.Reports;

/// <summary>One labeller.</summary>
/// <param name="Name">The account.</param>
/// <param name="IsProgram">Labels of theirs came from a program.</param>
/// <param name="Labels">Labels that were trained on.</param>
/// <param name="MedianSeconds">Median time at work on a pair.</param>
/// <param name="Consistency">How often they chose the same answer when a pair was shown again.</param>
/// <param name="FirstShare">How often they choose the answer shown first, where they choose one.</param>
internal sealed record LabellerReport(string Name, bool IsProgram, int Labels, double MedianSeconds, Share Consistency, Share FirstShare);
