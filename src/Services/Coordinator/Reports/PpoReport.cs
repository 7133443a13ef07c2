namespace Rlhf.Coordinator.Reports;

/// <summary>Reinforcement learning. KL is to the fine-tuned model, in nats per answer; scores are mean normalised scores of a step's answers.</summary>
internal sealed record PpoReport(
    string? Version, int Steps, double? KlFinal, double? KlMax, double? ScoreFirst, double? ScoreLast);
