using Rlhf.PolicyOptimization;

namespace Rlhf.Learner.Training;

/// <summary>What makes one kind of score comparable.</summary>
/// <param name="Scores">Mean and spread of the scores over the baseline's responses.</param>
/// <param name="Ratings">What a score means as a rating: rating = mean + standard deviation · score.</param>
internal sealed record ScoreScale(Standardisation Scores, Standardisation Ratings)
{
    /// <summary>Log odds in a point of Elo's scale.</summary>
    public static readonly double LogOddsPerPoint = Math.Log(10) / 400;

    /// <summary>What a difference of scores is multiplied with to be log odds.</summary>
    public double LogOddsPerScore => Ratings.StandardDeviation * LogOddsPerPoint;
}
