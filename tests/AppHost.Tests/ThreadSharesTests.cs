namespace Rlhf.AppHost.Tests;

public sealed class ThreadSharesTests
{
    [Theory]
    [InlineData(2, 2, 1, 2, 1, 1)]
    [InlineData(2, 1, 1, 2, 2, 1)]
    [InlineData(1, 3, 2, 1, 1, 1)]
    [InlineData(16, 4, 1, 16, 4, 4)]
    [InlineData(16, 4, 2, 16, 4, 2)]
    public void Every_process_has_a_thread_and_equal_ones_share_their_cores(int cores, int generators, int rewardReplicas, int learner, int generator, int reward)
        => Assert.Equal(new ThreadShares(learner, generator, reward), ThreadShares.Of(cores, generators, rewardReplicas));
}
