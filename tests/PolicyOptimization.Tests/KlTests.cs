using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization.Tests;

public sealed class KlTests
{
    [Fact]
    public void Matches_kl_estimators_k1_k2_k3()
    {
        var vector = Fixtures.Vector("kl_estimators_k1_k2_k3");
        using var scope = NewDisposeScope();
        var policy = Tensors.Read(vector.GetProperty("input"), "logprobs"); // [3]
        var reference = Tensors.Read(vector.GetProperty("input"), "ref_logprobs"); // [3]
        var expected = vector.GetProperty("expected");
        var tolerance = Tensors.Tolerance(vector);
        Tensors.Near(Tensors.Read(expected, "k1"), KlEstimators.K1(policy, reference), tolerance);
        Tensors.Near(Tensors.Read(expected, "k2"), KlEstimators.K2(policy, reference), tolerance);
        Tensors.Near(Tensors.Read(expected, "k3"), KlEstimators.K3(policy, reference), tolerance);
    }

    [Fact]
    public void K1_and_K3_average_to_the_true_divergence()
    {
        using var scope = NewDisposeScope();
        // Two coins: KL((3/4, 1/4) || (1/2, 1/2)) = 3/4 ln 3/2 + 1/4 ln 1/2.
        var policy = tensor(new[] { Math.Log(0.75), Math.Log(0.25) });
        var reference = tensor(new[] { Math.Log(0.5), Math.Log(0.5) });
        var weights = tensor(new[] { 0.75, 0.25 });
        var expected = tensor(0.75 * Math.Log(1.5) + 0.25 * Math.Log(0.5));
        Tensors.Near(expected, (weights * KlEstimators.K1(policy, reference)).sum(), 1e-12);
        Tensors.Near(expected, (weights * KlEstimators.K3(policy, reference)).sum(), 1e-12);
    }

    [Theory]
    // error clipped to +0.2: .15 · (1 + .2 · 1000 / 10000)
    [InlineData(12, 0.153)]
    // error clipped to -0.2
    [InlineData(0, 0.147)]
    // error 0.1
    [InlineData(6.6, 0.1515)]
    [InlineData(6, 0.15)]
    public void Adaptive_controller_moves_beta_toward_the_target(double kl, double expected)
    {
        IKlController controller = new AdaptiveKlController(0.15, Target: 6, Horizon: 10_000);
        Assert.Equal(expected, controller.Update(kl, 1000).Beta, 1e-12);
    }

    [Fact]
    public void Adaptive_controller_refuses_a_kl_that_is_not_finite() =>
        Assert.Throws<ArgumentException>(() => new AdaptiveKlController(0.15, 6).Update(double.NaN, 10));

    [Fact]
    public void Fixed_controller_keeps_beta() => Assert.Equal(0.05, new FixedKlController(0.05).Update(100, 1000).Beta);

    [Fact]
    public void No_tensor_is_left()
    {
        using var a = randn(3);
        using var b = randn(3);
        Tensors.LeavesNoTensor(() =>
        {
            KlEstimators.K1(a, b).Dispose();
            KlEstimators.K2(a, b).Dispose();
            KlEstimators.K3(a, b).Dispose();
        });
    }
}
