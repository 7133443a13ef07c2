namespace Rlhf.PolicyOptimization;

/// <summary>How a policy's implicit rewards stand to preferences; pairs whose preference is one half count for none of the numbers.</summary>
/// <param name="ChosenReward">Mean implicit reward of the preferred responses.</param>
/// <param name="RejectedReward">Mean implicit reward of the others.</param>
/// <param name="Accuracy">Share of pairs whose preferred response has the larger reward; an equal one counts half.</param>
/// <param name="Pairs">Pairs that count.</param>
public sealed record ImplicitRewardStatistics(double ChosenReward, double RejectedReward, double Accuracy, int Pairs)
{
    /// <summary>Chosen less rejected, in nats times beta.</summary>
    public double Margin => ChosenReward - RejectedReward;

    /// <summary>Measures pairs.</summary>
    /// <param name="rewardsA">Implicit reward of each pair's A.</param>
    /// <param name="rewardsB">Implicit reward of each pair's B.</param>
    /// <param name="preferencesA">Probability that A is better, 0 to 1.</param>
    /// <returns>The statistics; null where no pair counts.</returns>
    /// <exception cref="ArgumentException">The lists differ in length.</exception>
    public static ImplicitRewardStatistics? Measure(
        IReadOnlyList<double> rewardsA, IReadOnlyList<double> rewardsB, IReadOnlyList<double> preferencesA)
    {
        if (rewardsA.Count != rewardsB.Count || rewardsA.Count != preferencesA.Count)
        {
            throw new ArgumentException(
                $"There are {rewardsA.Count} rewards of A, {rewardsB.Count} of B and {preferencesA.Count} preferences.", nameof(rewardsB));
        }

        var decided = Enumerable.Range(0, rewardsA.Count).Where(i => preferencesA[i] != 0.5)
            .Select(i => preferencesA[i] > 0.5 ? (Chosen: rewardsA[i], Rejected: rewardsB[i]) : (Chosen: rewardsB[i], Rejected: rewardsA[i]))
            .ToArray();
        return decided.Length == 0
            ? null
            : new ImplicitRewardStatistics(
                decided.Average(pair => pair.Chosen),
                decided.Average(pair => pair.Rejected),
                decided.Average(pair => pair.Chosen == pair.Rejected ? 0.5 : pair.Chosen > pair.Rejected ? 1.0 : 0.0),
                decided.Length);
    }
}
