using Rlhf.Tensors;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization.Tests;

public sealed class PpoLossTests
{
    private const double ClipRange = 0.2;

    [Fact]
    public void Matches_ppo_clip_per_token()
    {
        var vector = Fixtures.Vector("ppo_clip_per_token");
        var input = vector.GetProperty("input");
        var expected = vector.GetProperty("expected");
        using var scope = NewDisposeScope();
        var rollout = Tensors.Read(input, "prev_logprobs"); // [3]
        var policy = Tensors.Read(input, "curr_logprobs"); // [3]
        var advantages = Tensors.Read(input, "advantages"); // [3]
        var mask = Tensors.AllTrue(policy); // [3]
        var clip = input.GetProperty("clip").GetDouble();
        Tensors.Near(
            Tensors.Read(expected, "per_token"),
            PpoLoss.PolicyPerToken(policy, rollout, advantages, mask, clip),
            Tensors.Tolerance(vector));
        Tensors.Near(
            tensor(expected.GetProperty("mean").GetDouble()),
            PpoLoss.Policy(policy, rollout, advantages, mask, clip),
            Tensors.Tolerance(vector));
    }

    [Theory]
    [InlineData(1.5, 1, -1.2)] // a good token already far up: clipped
    [InlineData(0.5, 1, -0.5)] // a good token pushed down: not clipped
    [InlineData(1.5, -1, 1.5)] // a bad token pushed up: not clipped
    [InlineData(0.5, -1, 0.8)] // a bad token already far down: clipped
    public void Policy_loss_is_clipped_only_on_the_side_that_would_gain(double ratio, double advantage, double expected)
    {
        using var scope = NewDisposeScope();
        var rollout = tensor(new[] { -1.0 });
        var policy = tensor(new[] { -1.0 + Math.Log(ratio) });
        var loss = PpoLoss.Policy(policy, rollout, tensor(new[] { advantage }), Tensors.AllTrue(policy), ClipRange);
        Tensors.Near(tensor(expected), loss, 1e-12);
    }

    [Fact]
    public void Gradient_at_the_first_update_is_minus_the_advantage_over_the_count()
    {
        using var scope = NewDisposeScope();
        var policy = tensor(new[] { -1.0, -2.0, 5.0 }, requires_grad: true);
        var rollout = tensor(new[] { -1.0, -2.0, double.NegativeInfinity });
        var mask = tensor(new[] { true, true, false });
        PpoLoss.Policy(policy, rollout, tensor(new[] { 3.0, -4.0, double.NaN }), mask, ClipRange).backward();
        Assert.NotNull(policy.grad);
        Tensors.Near(tensor(new[] { -1.5, 2.0, 0.0 }), policy.grad, 1e-12);
    }

    [Fact]
    public void Importance_weights_multiply_the_loss_and_are_capped()
    {
        using var scope = NewDisposeScope();
        var rollout = tensor(new[] { -1.0, -9.0 });
        var proximal = tensor(new[] { -1.0 + Math.Log(0.5), -1.0 });
        var mask = Tensors.AllTrue(rollout);
        // Policy = proximal: ratio 1, losses -A; weights 0.5 and e^8 capped at 5.
        var loss = PpoLoss.DecoupledPolicy(proximal, proximal, rollout, tensor(new[] { 2.0, 1.0 }), mask, ClipRange);
        Tensors.Near(tensor((-1.0 - 5.0) / 2), loss, 1e-12);
    }

    [Fact]
    public void Value_loss_takes_the_worse_of_clipped_and_unclipped()
    {
        using var scope = NewDisposeScope();
        var values = tensor(new[] { 1.0, 0.1, double.NaN }, requires_grad: true);
        var rolloutValues = tensor(new[] { 0.0, 0.0, 0.0 });
        var returns = tensor(new[] { 1.0, 1.0, 5.0 });
        var mask = tensor(new[] { true, true, false });
        // First: unclipped 0, clipped (0.2 - 1)² = 0.64. Second: not clipped, 0.81.
        var loss = PpoLoss.Value(values, rolloutValues, returns, mask, ClipRange);
        Tensors.Near(tensor((0.64 + 0.81) / 4), loss, 1e-12);
        loss.backward();
        Assert.NotNull(values.grad);
        Tensors.Near(tensor(new[] { 0.0, -0.45, 0.0 }), values.grad, 1e-12);
    }

    [Fact]
    public void Padded_batch_gives_the_losses_of_its_rows_one_by_one()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var lengths = new[] { 2, 5, 3 };
        var policy = randn(3, 5);
        var rollout = randn(3, 5);
        var advantages = randn(3, 5);
        var mask = TensorArithmetic.CountTo(5, ScalarType.Int64, CPU).unsqueeze(0) < tensor(lengths).unsqueeze(1); // [3, 5]
        var batch = PpoLoss.Policy(policy, rollout, advantages, mask, ClipRange).item<float>();
        var valueBatch = PpoLoss.Value(policy, rollout, advantages, mask, ClipRange).item<float>();
        var sum = 0.0;
        var valueSum = 0.0;
        for (var i = 0; i < 3; i++)
        {
            Tensor Row(Tensor x) => x[i].narrow(0, 0, lengths[i]);
            var rowMask = ones(lengths[i], dtype: ScalarType.Bool);
            sum += lengths[i] * PpoLoss.Policy(Row(policy), Row(rollout), Row(advantages), rowMask, ClipRange).item<float>();
            valueSum += lengths[i] * PpoLoss.Value(Row(policy), Row(rollout), Row(advantages), rowMask, ClipRange).item<float>();
        }

        Assert.Equal(sum / lengths.Sum(), batch, 1e-5);
        Assert.Equal(valueSum / lengths.Sum(), valueBatch, 1e-5);
    }

    [Fact]
    public void Ratio_statistics_equal_hand_computed_numbers()
    {
        using var scope = NewDisposeScope();
        var rollout = tensor(new[] { -1.0, -1.0, -1.0 });
        var policy = tensor(new[] { -1.0 + Math.Log(1.5), -1.0 + Math.Log(0.9), 50.0 });
        var mask = tensor(new[] { true, true, false });
        var statistics = RatioStatistics.Measure(policy, rollout, mask, ClipRange);
        Assert.Equal(1.5, statistics.LargestRatio, 1e-12);
        Assert.Equal(0.5, statistics.LargestDeviation, 1e-12);
        Assert.Equal(0.5, statistics.ClipFraction, 1e-12);
        // Mean of ratio - 1 - ln ratio.
        Assert.Equal((0.5 - Math.Log(1.5) + (-0.1 - Math.Log(0.9))) / 2, statistics.ApproximateKl, 1e-12);
    }

    [Fact]
    public void Wrong_sizes_are_named()
    {
        using var scope = NewDisposeScope();
        var mask = ones(2, 3, dtype: ScalarType.Bool);
        var error = Assert.Throws<ArgumentException>(() => PpoLoss.Policy(zeros(2, 3), zeros(2, 4), zeros(2, 3), mask, ClipRange));
        Assert.Contains("rolloutLogprobs has shape [2, 4] but policyLogprobs has [2, 3]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_tensor_is_left()
    {
        using var x = randn(2, 3);
        using var mask = ones(2, 3, dtype: ScalarType.Bool);
        Tensors.LeavesNoTensor(() =>
        {
            PpoLoss.Policy(x, x, x, mask, ClipRange).Dispose();
            PpoLoss.DecoupledPolicy(x, x, x, x, mask, ClipRange).Dispose();
            PpoLoss.Value(x, x, x, mask, ClipRange).Dispose();
            RatioStatistics.Measure(x, x, mask, ClipRange);
        });
    }
}
