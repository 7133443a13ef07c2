using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization.Tests;

public sealed class DpoLossTests
{
    private const double Beta = 0.1;
    private static readonly double[] PolicyA = [-10, -3, -7.5];
    private static readonly double[] PolicyB = [-12, -2, -7.5];
    private static readonly double[] ReferenceA = [-11, -3, -7];
    private static readonly double[] ReferenceB = [-11, -4, -9];
    private static readonly double[] Preferences = [1, 0, 0.7];

    [Fact]
    public void Logistic_loss_and_gradient_equal_an_independent_loop()
    {
        using var scope = NewDisposeScope();
        var policyA = tensor(PolicyA, requires_grad: true);
        var policyB = tensor(PolicyB, requires_grad: true);
        var loss = DpoLoss.Logistic(
            DpoLoss.ImplicitRewards(policyA, tensor(ReferenceA), Beta), DpoLoss.ImplicitRewards(policyB, tensor(ReferenceB), Beta), tensor(Preferences));
        loss.backward();
        var expected = 0.0;
        var slopes = new double[3];
        for (var i = 0; i < 3; i++)
        {
            var win = 1 / (1 + Math.Exp(-Difference(i)));
            expected -= ((Preferences[i] * Math.Log(win)) + ((1 - Preferences[i]) * Math.Log(1 - win))) / 3;
            slopes[i] = Beta * (win - Preferences[i]) / 3; // the derivative by the hand: beta (sigma - p)
        }

        Tensors.Near(tensor(expected), loss, 1e-12);
        Assert.NotNull(policyA.grad);
        Assert.NotNull(policyB.grad);
        Tensors.Near(tensor(slopes), policyA.grad, 1e-12);
        Tensors.Near(tensor(slopes), -policyB.grad, 1e-12);
    }

    [Fact]
    public void A_policy_that_is_its_baseline_costs_log_two()
    {
        using var scope = NewDisposeScope();
        var rewards = DpoLoss.ImplicitRewards(tensor(PolicyA), tensor(PolicyA), Beta); // [3]
        Tensors.Near(tensor(Math.Log(2)), DpoLoss.Logistic(rewards, rewards, tensor(Preferences)), 1e-12);
    }

    [Fact]
    public void Identity_loss_equals_an_independent_loop_and_is_least_at_half_of_one_over_beta()
    {
        using var scope = NewDisposeScope();
        Tensor Loss(double[] rewardsA, double[] rewardsB, double[] preferences) =>
            DpoLoss.Identity(tensor(rewardsA), tensor(rewardsB), tensor(preferences), Beta);
        var expected = 0.0;
        for (var i = 0; i < 3; i++)
        {
            var h = Difference(i) / Beta; // the log-ratio of the pair, as in the paper
            expected += ((Preferences[i] * Math.Pow(h - (1 / (2 * Beta)), 2)) + ((1 - Preferences[i]) * Math.Pow(h + (1 / (2 * Beta)), 2))) / 3;
        }

        double[] rewardsA = [.. PolicyA.Zip(ReferenceA, (policy, reference) => Beta * (policy - reference))];
        double[] rewardsB = [.. PolicyB.Zip(ReferenceB, (policy, reference) => Beta * (policy - reference))];
        Tensors.Near(tensor(expected), Loss(rewardsA, rewardsB, Preferences), 1e-9);
        Tensors.Near(tensor(0.0), Loss([0.5], [0], [1]), 1e-12);
        Tensors.Near(tensor(0.0), Loss([0], [0.5], [0]), 1e-12);
    }

    [Fact]
    public void Smoothing_turns_a_share_of_the_labels_round()
    {
        using var scope = NewDisposeScope();
        Tensors.Near(tensor(new[] { 0.9, 0.1, 0.66 }), DpoLoss.SmoothedLabels(tensor(Preferences), 0.1), 1e-12);
        Tensors.Near(tensor(Preferences), DpoLoss.SmoothedLabels(tensor(Preferences), 0), 0);
        Assert.Throws<ArgumentException>(() => DpoLoss.SmoothedLabels(tensor(Preferences), 0.5));
    }

    [Fact]
    public void Statistics_equal_hand_computed_numbers()
    {
        // Right, wrong, undecided, equal.
        var statistics = ImplicitRewardStatistics.Measure([3, 1, 9, 2], [1, -1, 9, 2], [0.8, 0, 0.5, 1]);
        Assert.NotNull(statistics);
        Assert.Equal(3, statistics.Pairs);
        Assert.Equal((3 - 1 + 2) / 3.0, statistics.ChosenReward, 1e-12);
        Assert.Equal((1 + 1 + 2) / 3.0, statistics.RejectedReward, 1e-12);
        Assert.Equal(0, statistics.Margin, 1e-12);
        Assert.Equal(1.5 / 3, statistics.Accuracy, 1e-12);
        Assert.Null(ImplicitRewardStatistics.Measure([1], [2], [0.5]));
        Assert.Throws<ArgumentException>(() => ImplicitRewardStatistics.Measure([1], [2, 3], [1]));
    }

    [Fact]
    public void Wrong_sizes_and_a_beta_of_zero_are_named()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => DpoLoss.ImplicitRewards(zeros(2), zeros(3), Beta));
        Assert.Throws<ArgumentException>(() => DpoLoss.Identity(zeros(2), zeros(2), zeros(1), Beta));
        Assert.Contains("beta is 0", Assert.Throws<ArgumentException>(() => DpoLoss.ImplicitRewards(zeros(2), zeros(2), 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_tensor_is_left()
    {
        using var x = randn(3);
        Tensors.LeavesNoTensor(() =>
        {
            DpoLoss.ImplicitRewards(x, x, Beta).Dispose();
            DpoLoss.Logistic(x, x, x).Dispose();
            DpoLoss.Identity(x, x, x, Beta).Dispose();
            DpoLoss.SmoothedLabels(x, 0.1).Dispose();
        });
    }

    private static double Difference(int i) => Beta * (PolicyA[i] - ReferenceA[i] - (PolicyB[i] - ReferenceB[i]));
}
