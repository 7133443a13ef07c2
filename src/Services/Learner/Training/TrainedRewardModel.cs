using Rlhf.LanguageModels;

namespace Rlhf.Learner.Training;

/// <summary>A reward model that has been trained and measured.</summary>
/// <param name="Model">The model; the receiver owns it.</param>
/// <param name="Scale">What makes its scores comparable.</param>
/// <param name="HeldOut">How it predicts the held-out pairs.</param>
internal sealed record TrainedRewardModel(RewardModel Model, RewardScale Scale, HeldOutEvaluation HeldOut) : IDisposable
{
    public void Dispose() => Model.Dispose();
}
