using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization.Tests;

public sealed class TokenRewardsTests
{
    [Fact]
    public void Matches_ppo_token_rewards_kl_penalty()
    {
        var vector = Fixtures.Vector("ppo_token_rewards_kl_penalty");
        var input = vector.GetProperty("input");
        var expected = vector.GetProperty("expected");
        var tolerance = Tensors.Tolerance(vector);
        var beta = input.GetProperty("kl_coeff").GetDouble();
        using var scope = NewDisposeScope();
        var scores = Tensors.Read(input, "scores"); // [3]
        var policy = Tensors.Read(input, "logprobs"); // [3, 3]
        var reference = Tensors.Read(input, "ref_logprobs"); // [3, 3]
        var mask = Tensors.AllTrue(policy); // [3, 3]
        Tensors.Near(Tensors.Read(expected, "kl"), KlEstimators.K1(policy, reference), tolerance);
        Tensors.Near(
            Tensors.Read(expected, "kl_rewards"),
            TokenRewards.FromScoreAndKl(zeros_like(scores), policy, reference, mask, beta),
            tolerance);
        Tensors.Near(
            Tensors.Read(expected, "rewards"), TokenRewards.FromScoreAndKl(scores, policy, reference, mask, beta), tolerance);
    }

    [Fact]
    public void Score_lands_on_the_last_response_token_and_padding_stays_zero()
    {
        using var scope = NewDisposeScope();
        var policy = tensor(new[,] { { -1.0, -2.0, double.NaN }, { -1.0, -1.0, -1.0 } });
        var reference = tensor(new[,] { { -1.5, -1.0, 7.0 }, { -1.0, -2.0, -1.0 } });
        var mask = tensor(new[,] { { true, true, false }, { true, true, true } });
        var rewards = TokenRewards.FromScoreAndKl(tensor(new[] { 2.0, -3.0 }), policy, reference, mask, beta: 0.1);
        Tensors.Near(tensor(new[,] { { -0.05, 2.1, 0.0 }, { 0.0, -0.1, -3.0 } }), rewards, 1e-12);
    }

    [Fact]
    public void Unfinished_responses_are_penalised_or_replaced()
    {
        using var scope = NewDisposeScope();
        var scores = tensor(new[] { 1.0, 2.0 });
        var isFinished = tensor(new[] { true, false });
        Tensors.Near(tensor(new[] { 1.0, 0.5 }), TokenRewards.PenaliseUnfinished(scores, isFinished, 1.5), 1e-12);
        Tensors.Near(tensor(new[] { 1.0, -1.0 }), TokenRewards.ReplaceUnfinished(scores, isFinished, -1), 1e-12);
    }

    [Fact]
    public void A_row_without_a_response_token_is_refused()
    {
        using var scope = NewDisposeScope();
        var mask = tensor(new[,] { { true, true }, { false, false } });
        Assert.Throws<ArgumentException>(() => TokenRewards.FromScoreAndKl(zeros(2), zeros(2, 2), zeros(2, 2), mask, 0.1));
        Assert.Throws<ArgumentException>(() => TokenRewards.FromScoreAndKl(zeros(3), zeros(2, 2), zeros(2, 2), mask, 0.1));
    }

    [Fact]
    public void Matches_truncate_after_stop_token()
    {
        var vector = Fixtures.Vector("truncate_after_stop_token");
        var input = vector.GetProperty("input");
        using var scope = NewDisposeScope();
        var ids = Tensors.Read(input, "sequences").to(ScalarType.Int64); // [9, 3]
        var stops = input.GetProperty("stop_tokens").EnumerateArray().Select(stop => stop.GetInt64()).ToArray();
        var mask = ResponseMask.UntilStop(ids, stops); // [9, 3]
        using Scalar fill = input.GetProperty("fill").GetInt64();
        var filled = where(mask, ids, full_like(ids, fill)); // [9, 3]
        Tensors.Near(Tensors.Read(vector.GetProperty("expected"), "sequences"), filled, 0);
        Tensors.Near(Tensors.Read(vector.GetProperty("expected"), "padding_mask"), mask.logical_not(), 0);
    }

    [Fact]
    public void No_tensor_is_left()
    {
        using var scores = randn(2);
        using var logprobs = randn(2, 3);
        using var ids = zeros(2, 3, dtype: ScalarType.Int64);
        using var mask = ones(2, 3, dtype: ScalarType.Bool);
        using var isFinished = ones(2, dtype: ScalarType.Bool);
        Tensors.LeavesNoTensor(() =>
        {
            TokenRewards.FromScoreAndKl(scores, logprobs, logprobs, mask, 0.1).Dispose();
            TokenRewards.PenaliseUnfinished(scores, isFinished, 1).Dispose();
            TokenRewards.ReplaceUnfinished(scores, isFinished, 1).Dispose();
            ResponseMask.UntilStop(ids, [1, 2]).Dispose();
            ResponseMask.LastPosition(mask).Dispose();
        });
    }
}
