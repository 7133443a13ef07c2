namespace Rlhf.Coordinator.Reports;

/// <summary>The reward model, measured on pairs whose prompts it never saw.</summary>
/// <param name="Version">The published version.</param>
/// <param name="PairwiseAccuracy">Of the published version, over <paramref name="PairsDecided"/>.</param>
/// <param name="PairwiseLossAccuracy">Of a model trained on pairs.</param>
/// <param name="RegressionAccuracy">Of a model trained on ratings.</param>
/// <param name="CalibrationError">Expected calibration error of the published version.</param>
/// <param name="Pairs">All pairs.</param>
/// <param name="PairsHeldOut">Pairs of held-out prompts.</param>
/// <param name="PairsDecided">Those of them that the learner took (some are too long, say) and that are no exact ties.</param>
/// <param name="PairsClear">Those of them whose preference is more than 0.1 from one half.</param>
/// <param name="ClearPairwiseAccuracy">Of the published version, over the clear pairs.</param>
internal sealed record RewardModelReport(
    string? Version, double? PairwiseAccuracy, double? PairwiseLossAccuracy, double? RegressionAccuracy, double? CalibrationError,
    int? Pairs, int? PairsHeldOut, int? PairsDecided, int? PairsClear, double? ClearPairwiseAccuracy);
