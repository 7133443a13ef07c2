namespace Rlhf.PolicyOptimization.Tests;

public sealed class GroupAdvantagesTests
{
    private static readonly string[] Groups = ["a", "b", "a", "a", "c", "b"];
    private static readonly double[] Rewards = [1, 10, 2, 6, 5, 14];

    [Fact]
    public void Leaving_one_out_equals_hand_computed_numbers() =>
        Near([1 - 4, 10 - 14, 2 - 3.5, 6 - 1.5, 0, 14 - 10], GroupAdvantages.LeaveOneOut(Rewards, Groups));

    [Fact]
    public void Standardising_equals_hand_computed_numbers()
    {
        // Group a: mean 3, squares 4 + 1 + 9 = 14 over n - 1 = 2. Group b: mean 12, squares 8 over 1.
        var (a, b) = (Math.Sqrt(7) + 1e-4, Math.Sqrt(8) + 1e-4);
        Near([-2 / a, -2 / b, -1 / a, 3 / a, 0, 2 / b], GroupAdvantages.Standardised(Rewards, Groups));
    }

    [Fact]
    public void Equal_rewards_teach_nothing()
    {
        Assert.All(GroupAdvantages.LeaveOneOut([3, 3, 3], [1, 1, 1]), advantage => Assert.Equal(0, advantage));
        Assert.All(GroupAdvantages.Standardised([3, 3, 3], [1, 1, 1]), advantage => Assert.Equal(0, advantage));
        Assert.Throws<ArgumentException>(() => GroupAdvantages.LeaveOneOut([1, 2], [1]));
    }

    private static void Near(double[] expected, double[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
}
