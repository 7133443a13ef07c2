using Rlhf.Learner.Settings;

namespace Rlhf.Learner.Training;

/// <summary>What supervised, reward-model and direct preference training have in common.</summary>
internal sealed record FittingSettings(
    int Epochs, int BatchSize, double LearningRate, double WarmUpShare, double WeightDecay, double MaxGradientNorm)
{
    public static FittingSettings From(SupervisedSettings settings) => new(
        settings.Epochs, settings.BatchSize, settings.LearningRate, settings.WarmUpShare, settings.WeightDecay, settings.MaxGradientNorm);

    public static FittingSettings From(RewardModelSettings settings) => new(
        settings.Epochs, settings.BatchSize, settings.LearningRate, settings.WarmUpShare, settings.WeightDecay, settings.MaxGradientNorm);

    public static FittingSettings From(DpoSettings settings) => new(
        settings.Epochs, settings.BatchSize, settings.PeakLearningRate, settings.WarmUpShare, settings.WeightDecay, settings.MaxGradientNorm);

    /// <summary>Updates that a number of items makes.</summary>
    public int Updates(int items) => Epochs * ((items + BatchSize - 1) / BatchSize);
}
