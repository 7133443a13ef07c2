using Rlhf.Tensors;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization.Tests;

public sealed class MaskedStatisticsTests
{
    [Fact]
    public void Matches_masked_mean_var()
    {
        var vector = Fixtures.Vector("masked_mean_var");
        var expected = vector.GetProperty("expected");
        using var scope = NewDisposeScope();
        var (x, mask) = Input(vector);
        Tensors.Near(tensor(expected.GetProperty("masked_mean").GetDouble()), MaskedStatistics.Mean(x, mask), Tensors.Tolerance(vector));
        Tensors.Near(
            tensor(expected.GetProperty("masked_var_unbiased").GetDouble()), MaskedStatistics.Variance(x, mask), Tensors.Tolerance(vector));
    }

    [Fact]
    public void Matches_masked_whiten()
    {
        var vector = Fixtures.Vector("masked_whiten");
        var expected = vector.GetProperty("expected");
        using var scope = NewDisposeScope();
        var (x, mask) = Input(vector);
        Tensors.Near(tensor(expected.GetProperty("mean").GetDouble()), MaskedStatistics.Mean(x, mask), 1e-12);
        Tensors.Near(tensor(expected.GetProperty("var_unbiased").GetDouble()), MaskedStatistics.Variance(x, mask), 1e-12);
        var whitened = MaskedStatistics.Whiten(x, mask);
        Tensors.Near(Tensors.Read(expected, "whitened_at_mask"), whitened.masked_select(mask), Tensors.Tolerance(vector));
        Tensors.Near(zeros(2), whitened.masked_select(mask.logical_not()), 0);
        // The same mean and variance, applied everywhere.
        var everywhere = (x - MaskedStatistics.Mean(x, mask)) / MaskedStatistics.Variance(x, mask).Plus(1e-8).sqrt(); // [4]
        Tensors.Near(Tensors.Read(expected, "whitened_all_positions"), everywhere, Tensors.Tolerance(vector));
    }

    [Fact]
    public void Matches_masked_mean_row_then_batch()
    {
        var vector = Fixtures.Vector("masked_mean_row_then_batch");
        var expected = vector.GetProperty("expected");
        using var scope = NewDisposeScope();
        var (x, mask) = Input(vector);
        Tensors.Near(
            tensor(expected.GetProperty("mean_of_row_means").GetDouble()), MaskedStatistics.MeanOfRowMeans(x, mask), Tensors.Tolerance(vector));
        Tensors.Near(tensor(expected.GetProperty("token_mean").GetDouble()), MaskedStatistics.Mean(x, mask), Tensors.Tolerance(vector));
    }

    [Fact]
    public void Masked_NaN_reaches_neither_value_nor_gradient()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1.0, 3.0, double.NaN }, requires_grad: true);
        var mask = tensor(new[] { true, true, false });
        var total = MaskedStatistics.Mean(x, mask).Plus(MaskedStatistics.Variance(x, mask));
        Tensors.Near(tensor(4.0), total, 1e-12);
        total.backward();
        // d mean = 1/2 each; d variance = 2 (x - mean) / (n - 1) = -2 and +2.
        Assert.NotNull(x.grad);
        Tensors.Near(tensor(new[] { -1.5, 2.5, 0.0 }), x.grad, 1e-12);
    }

    [Fact]
    public void Explained_variance_is_one_for_perfect_and_zero_for_constant_values()
    {
        using var scope = NewDisposeScope();
        var returns = tensor(new[] { 1.0, 2.0, 4.0, 100.0 });
        var mask = tensor(new[] { true, true, true, false });
        Assert.Equal(1, MaskedStatistics.ExplainedVariance(returns, returns, mask), 1e-12);
        Assert.Equal(0, MaskedStatistics.ExplainedVariance(zeros_like(returns), returns, mask), 1e-12);
        // Residuals 0, 0, 2 have variance 4/3; the returns 1, 2, 4 have 7/3.
        var values = tensor(new[] { 1.0, 2.0, 2.0, 0.0 });
        Assert.Equal(1 - 4.0 / 7, MaskedStatistics.ExplainedVariance(values, returns, mask), 1e-12);
        Assert.True(double.IsNaN(MaskedStatistics.ExplainedVariance(values, ones_like(returns), mask)));
    }

    [Fact]
    public void Too_few_positions_are_refused()
    {
        using var scope = NewDisposeScope();
        var mask = tensor(new[] { true, false });
        Assert.Throws<ArgumentException>(() => MaskedStatistics.Variance(zeros(2), mask));
        Assert.Throws<ArgumentException>(() => MaskedStatistics.Mean(zeros(2), mask.logical_and(mask.logical_not())));
        Assert.Throws<ArgumentException>(() => MaskedStatistics.Mean(zeros(2), zeros(2)));
    }

    [Fact]
    public void No_tensor_is_left()
    {
        using var x = randn(2, 3);
        using var mask = ones(2, 3, dtype: ScalarType.Bool);
        Tensors.LeavesNoTensor(() =>
        {
            MaskedStatistics.Mean(x, mask).Dispose();
            MaskedStatistics.MeanOfRowMeans(x, mask).Dispose();
            MaskedStatistics.Variance(x, mask).Dispose();
            MaskedStatistics.Whiten(x, mask).Dispose();
            MaskedStatistics.ExplainedVariance(x, x, mask);
        });
    }

    private static (Tensor X, Tensor Mask) Input(System.Text.Json.JsonElement vector)
    {
        var input = vector.GetProperty("input");
        return (Tensors.Read(input, "x"), Tensors.Read(input, "mask").to(ScalarType.Bool));
    }
}
