using Rlhf.LanguageModels;
using Rlhf.PolicyOptimization;

namespace Rlhf.Learner.Training;

/// <summary>A reward model that has been trained and measured.</summary>
/// <param name="Model">The model; the receiver owns it.</param>
/// <param name="Scores">Mean and spread of its scores over the baseline's responses.</param>
/// <param name="Ratings">What a score means as a rating: rating = mean + standard deviation · score.</param>
/// <param name="HeldOut">How it predicts the held-out pairs.</param>
internal sealed record TrainedRewardModel(RewardModel Model, Standardisation Scores, Standardisation Ratings, HeldOutEvaluation HeldOut) : IDisposable
{
    public void Dispose() => Model.Dispose();
}
