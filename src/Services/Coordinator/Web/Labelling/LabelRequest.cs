using Rlhf.Coordinator.Feedback;

namespace Rlhf.Coordinator.Web.Labelling;

/// <summary>A page hands a label in.</summary>
/// <param name="LeaseId">Of the pair.</param>
/// <param name="Verdict">About the order that was shown.</param>
/// <param name="Strength">1 to 4 where the verdict names an answer, else 0.</param>
/// <param name="Reason">May be empty.</param>
/// <param name="ElapsedMs">Time at work on it.</param>
internal sealed record LabelRequest(string LeaseId, Verdict Verdict, int Strength, string Reason, long ElapsedMs);
