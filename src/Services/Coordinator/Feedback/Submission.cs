namespace Rlhf.Coordinator.Feedback;

/// <summary>What became of a label.</summary>
/// <param name="RecordedBefore">The lease had its label already; that one stands.</param>
/// <param name="IsCounted">It is part of the goal and of the training data. Skips, flags and repeats are not, nor what comes after the goal was met.</param>
internal sealed record Submission(bool RecordedBefore, bool IsCounted);
