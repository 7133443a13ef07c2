namespace Rlhf.Learner.CommandLine.Rewards;

/// <summary>Scores responses.</summary>
internal interface IReward : IDisposable
{
    /// <summary>Scores them; a larger number is better.</summary>
    /// <param name="responses">At least one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>A finite number for each, in their order.</returns>
    /// <exception cref="Training.TrainingException">Scoring failed; a failure is never a score.</exception>
    double[] Score(IReadOnlyList<SampledResponse> responses, CancellationToken cancellationToken);
}
