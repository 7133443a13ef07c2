using Rlhf.Tensors;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization.Tests;

public sealed class GeneralizedAdvantagesTests
{
    [Fact]
    public void Matches_gae_truncated_lambda_0_7()
    {
        var vector = Fixtures.Vector("gae_truncated_lambda_0.7");
        var input = vector.GetProperty("input");
        using var scope = NewDisposeScope();
        var rewards = Tensors.Read(input, "rewards"); // [2, 5]
        var values = Tensors.Read(input, "values_T_plus_1"); // [2, 6]
        var estimate = GeneralizedAdvantages.Estimate(
            rewards,
            values.narrow(1, 0, 5),
            Tensors.AllTrue(rewards),
            Tensors.Read(input, "discounts"),
            values.select(1, 5),
            input.GetProperty("gae_lambda").GetDouble());
        Tensors.Near(Tensors.Read(vector.GetProperty("expected"), "advantages"), estimate.Advantages, Tensors.Tolerance(vector));
        Tensors.Near(Tensors.Read(vector.GetProperty("expected"), "advantages_f64"), estimate.Advantages, 1e-12);
    }

    [Fact]
    public void Matches_mc_returns_1()
    {
        var vector = Fixtures.Vector("mc_returns_1");
        var input = vector.GetProperty("input");
        using var scope = NewDisposeScope();
        var rewards = Tensors.Read(input, "rewards").unsqueeze(0); // [1, 8]
        var discounts = Tensors.Read(input, "done").unsqueeze(0).Complement().Times(input.GetProperty("gamma").GetDouble()); // [1, 8]
        var estimate = GeneralizedAdvantages.Estimate(
            rewards,
            zeros_like(rewards),
            Tensors.AllTrue(rewards),
            discounts,
            zeros(1, dtype: ScalarType.Float64),
            input.GetProperty("gae_lambda").GetDouble());
        Tensors.Near(
            Tensors.Read(vector.GetProperty("expected"), "returns").unsqueeze(0), estimate.Returns, Tensors.Tolerance(vector));
    }

    [Fact]
    public void Matches_gae_returns_single()
    {
        var vector = Fixtures.Vector("gae_returns_single");
        var input = vector.GetProperty("input");
        var expected = vector.GetProperty("expected");
        using var scope = NewDisposeScope();
        var rewards = Tensors.Read(input, "rewards").unsqueeze(0); // [1, 4]
        var estimate = GeneralizedAdvantages.Estimate(
            rewards,
            Tensors.Read(input, "values").unsqueeze(0),
            Tensors.AllTrue(rewards),
            input.GetProperty("gamma").GetDouble(),
            input.GetProperty("gae_lambda").GetDouble());
        Tensors.Near(Tensors.Read(expected, "advantages").unsqueeze(0), estimate.Advantages, Tensors.Tolerance(vector));
        Tensors.Near(Tensors.Read(expected, "returns").unsqueeze(0), estimate.Returns, Tensors.Tolerance(vector));
    }

    [Fact]
    public void Matches_gae_lambda_zero_td()
    {
        var vector = Fixtures.Vector("gae_lambda_zero_td");
        var input = vector.GetProperty("input");
        using var scope = NewDisposeScope();
        var values = Tensors.Read(input, "values").unsqueeze(0); // [1, 3]
        var mask = Tensors.AllTrue(values); // [1, 3]
        var rewards = TokenRewards.FromScoreAndKl(
            tensor(new[] { input.GetProperty("sequence_reward").GetDouble() }), zeros_like(values), zeros_like(values), mask, 0);
        var estimate = GeneralizedAdvantages.Estimate(
            rewards, values, mask, input.GetProperty("gamma").GetDouble(), input.GetProperty("gae_lambda").GetDouble());
        Tensors.Near(
            Tensors.Read(vector.GetProperty("expected"), "advantages").unsqueeze(0), estimate.Advantages, Tensors.Tolerance(vector));
    }

    [Fact]
    public void Equals_the_sum_of_discounted_differences()
    {
        using var scope = NewDisposeScope();
        const double gamma = 0.97;
        const double lambda = 0.9;
        double[] rewards = [0.1, -0.4, 0.3, 2.0];
        double[] values = [0.5, 0.2, -0.1, 1.0];
        // The definition, not the recursion: A_t = sum over l of (gamma lambda)^l delta_{t+l}.
        var expected = new double[4];
        for (var t = 0; t < 4; t++)
        {
            for (var l = 0; t + l < 4; l++)
            {
                var next = t + l + 1 < 4 ? values[t + l + 1] : 0;
                expected[t] += Math.Pow(gamma * lambda, l) * (rewards[t + l] + gamma * next - values[t + l]);
            }
        }

        var rewardRow = tensor(rewards).unsqueeze(0); // [1, 4]
        var estimate = GeneralizedAdvantages.Estimate(
            rewardRow, tensor(values).unsqueeze(0), Tensors.AllTrue(rewardRow), gamma, lambda);
        Tensors.Near(tensor(expected).unsqueeze(0), estimate.Advantages, 1e-12);
    }

    [Fact]
    public void Padding_does_not_leak()
    {
        using var scope = NewDisposeScope();
        var row = tensor(new[,] { { 0.5, -1.0 } });
        var value = tensor(new[,] { { 0.2, 0.7 } });
        var alone = GeneralizedAdvantages.Estimate(row, value, Tensors.AllTrue(row), 1, 0.95);
        // The same row padded with rubbish on the right, and on the left.
        var rewards = tensor(new[,] { { 0.5, -1.0, double.NaN }, { 99.0, 0.5, -1.0 } });
        var values = tensor(new[,] { { 0.2, 0.7, 1e9 }, { double.NaN, 0.2, 0.7 } });
        var mask = tensor(new[,] { { true, true, false }, { false, true, true } });
        var padded = GeneralizedAdvantages.Estimate(rewards, values, mask, 1, 0.95);
        Tensors.Near(alone.Advantages, padded.Advantages[..1, ..2], 0);
        Tensors.Near(alone.Advantages, padded.Advantages[1.., 1..], 0);
        Tensors.Near(zeros(1, 1), padded.Advantages[..1, 2..], 0);
        Tensors.Near(zeros(1, 1), padded.Returns[1.., ..1], 0);
    }

    [Fact]
    public void Wrong_sizes_are_named()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() =>
            GeneralizedAdvantages.Estimate(zeros(2, 3), zeros(2, 4), ones(2, 3, dtype: ScalarType.Bool), 1, 1));
        Assert.Contains("values has shape [2, 4] but rewards has [2, 3]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_tensor_is_left()
    {
        using var rewards = randn(2, 3);
        using var mask = ones(2, 3, dtype: ScalarType.Bool);
        Tensors.LeavesNoTensor(() => GeneralizedAdvantages.Estimate(rewards, rewards, mask, 1, 0.95).Dispose());
    }
}
