namespace Rlhf.Coordinator.Reports;

/// <summary>The reward model, measured on pairs whose prompts it never saw.</summary>
/// <param name="Version">The published version.</param>
/// <param name="PairwiseAccuracy">Of the published version, over the decided pairs.</param>
/// <param name="PairwiseLossAccuracy">Of a model trained on pairs.</param>
/// <param name="RegressionAccuracy">Of a model trained on ratings.</param>
/// <param name="CalibrationError">Expected calibration error of the published version.</param>
/// <param name="Pairs">All pairs.</param>
/// <param name="PairsHeldOut">Pairs of held-out prompts.</param>
/// <param name="PairsDecided">Those about which the judge was not near to one half.</param>
/// <param name="PairwiseAccuracyAllPairs">Of the published version, near-ties included.</param>
internal sealed record RewardModelReport(
    string? Version, double? PairwiseAccuracy, double? PairwiseLossAccuracy, double? RegressionAccuracy, double? CalibrationError,
    int? Pairs, int? PairsHeldOut, int? PairsDecided, double? PairwiseAccuracyAllPairs);
