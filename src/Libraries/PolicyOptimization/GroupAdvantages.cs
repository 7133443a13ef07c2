namespace Rlhf.PolicyOptimization;

/// <summary>Advantages of whole responses from the other responses to the same prompt: no value function is needed.</summary>
public static class GroupAdvantages
{
    private const double Epsilon = 1e-4; // keeps a group of nearly equal rewards from being blown up

    /// <summary>The reward less the mean of the group's other rewards (RLOO; Ahmadian et al. 2024, arXiv:2402.14740).</summary>
    /// <param name="rewards">One number a response.</param>
    /// <param name="groups">Which prompt each response answers.</param>
    /// <returns>One advantage a response; 0 where a response is alone in its group and can be compared with nothing.</returns>
    /// <exception cref="ArgumentException">The lists differ in length.</exception>
    public static double[] LeaveOneOut<TGroup>(IReadOnlyList<double> rewards, IReadOnlyList<TGroup> groups)
        where TGroup : notnull =>
        Of(rewards, groups, group => group.Length == 1 ? [0] : [.. group.Select(reward => reward - ((group.Sum() - reward) / (group.Length - 1)))]);

    /// <summary>(reward - mean) / standard deviation of the group (GRPO; Shao et al. 2024, arXiv:2402.03300, section 4.1.2).</summary>
    /// <inheritdoc cref="LeaveOneOut" path="/param|/returns|/exception"/>
    public static double[] Standardised<TGroup>(IReadOnlyList<double> rewards, IReadOnlyList<TGroup> groups)
        where TGroup : notnull =>
        Of(rewards, groups, group =>
        {
            var mean = group.Average();
            var deviation = group.Length == 1 ? 0 : Math.Sqrt(group.Sum(reward => (reward - mean) * (reward - mean)) / (group.Length - 1));
            return [.. group.Select(reward => (reward - mean) / (deviation + Epsilon))];
        });

    private static double[] Of<TGroup>(IReadOnlyList<double> rewards, IReadOnlyList<TGroup> groups, Func<double[], double[]> advantagesOf)
        where TGroup : notnull
    {
        if (rewards.Count != groups.Count)
        {
            throw new ArgumentException($"There are {rewards.Count} rewards but {groups.Count} groups.", nameof(groups));
        }

        var advantages = new double[rewards.Count];
        foreach (var members in Enumerable.Range(0, rewards.Count).GroupBy(i => groups[i]))
        {
            foreach (var (member, advantage) in members.Zip(advantagesOf([.. members.Select(i => rewards[i])])))
            {
                advantages[member] = advantage;
            }
        }

        return advantages;
    }
}
