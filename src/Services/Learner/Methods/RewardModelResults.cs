using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;

namespace Rlhf.Learner.Methods;

/// <summary>A reward model's figures on the held-out pairs, by the names under which a job reports them.</summary>
internal static class RewardModelResults
{
    /// <summary>The published model's figures, and the accuracy of both ways of training.</summary>
    public static Dictionary<string, double> Of(TrainedRewardModel chosen, TrainedRewardModel? regression, TrainedRewardModel? comparison)
    {
        var results = new Dictionary<string, double>();
        AddAccuracy(results, "", "", chosen.HeldOut.All);
        AddAccuracy(results, "regression_", "", regression?.HeldOut.All);
        AddAccuracy(results, "pairwise_loss_", "", comparison?.HeldOut.All);
        foreach (var (source, accuracy) in chosen.HeldOut.BySource)
        {
            AddAccuracy(results, "", "/" + source, accuracy);
            results["pairs_decided/" + source] = accuracy.DecidedPairs;
            results["ece/" + source] = accuracy.ExpectedCalibrationError;
        }

        foreach (var (source, accuracy) in chosen.HeldOut.ByOwnHead)
        {
            AddAccuracy(results, "own_head_", "/" + source, accuracy);
            results["own_head_ece/" + source] = accuracy.ExpectedCalibrationError;
        }

        if (chosen.HeldOut.All is { } all)
        {
            results["pairs_decided"] = all.DecidedPairs;
            results["ece"] = all.ExpectedCalibrationError;
            results["margin_mean"] = all.Margins.Mean;
            foreach (var (bin, count) in all.Margins.Counts.Index())
            {
                results["margins/" + MarginHistogram.NameOf(bin)] = count;
            }

            results["members"] = chosen.Model.Head.Members;
            results["spread"] = chosen.HeldOut.MeanSpread;
        }

        if (chosen.HeldOut.Clear is { } clear)
        {
            results["clear_pairwise_accuracy"] = clear.Accuracy;
            results["pairs_clear"] = clear.DecidedPairs;
        }

        return results;
    }

    private static void AddAccuracy(Dictionary<string, double> results, string prefix, string suffix, PreferenceAccuracy? accuracy)
    {
        if (accuracy is not null)
        {
            results[$"{prefix}pairwise_accuracy{suffix}"] = accuracy.Accuracy;
            results[$"{prefix}pairwise_accuracy_low{suffix}"] = accuracy.Interval.Low;
            results[$"{prefix}pairwise_accuracy_high{suffix}"] = accuracy.Interval.High;
        }
    }
}
