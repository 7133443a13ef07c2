namespace Rlhf.AppHost;

/// <summary>
/// How many threads each tensor process computes with. Two that each take every core run three to four times slower than two
/// that share them. The learner takes all: it works while the generators wait for it.
/// </summary>
/// <param name="Learner">Threads of the learner.</param>
/// <param name="Generator">Threads of each generator.</param>
/// <param name="Reward">Threads of each process of the reward service.</param>
internal sealed record ThreadShares(int Learner, int Generator, int Reward)
{
    public static ThreadShares Of(int cores, int generators, int rewardReplicas)
        => new(cores, Math.Max(1, cores / generators), Math.Max(1, cores / 4 / rewardReplicas));
}
