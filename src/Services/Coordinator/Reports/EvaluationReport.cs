namespace Rlhf.Coordinator.Reports;

/// <summary>One model's answers to held-out prompts. Compliance and helpfulness are the oracle's; null where it does not apply.</summary>
internal sealed record EvaluationReport(
    string Version, double? HarmfulCompliance, double? HarmlessHelpfulness, int Prompts, int HarmfulPrompts, int HarmlessPrompts,
    bool OracleApplies, string? OracleNote, double? MeanScore, double FinishedShare);
