using Rlhf.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization;

/// <summary>
/// Statistics over the positions where a mask is true. What stands elsewhere, NaN included, changes neither value nor gradient.
/// </summary>
public static class MaskedStatistics
{
    private static readonly Scalar s_zero = 0;

    /// <summary>Mean over all true positions (token mean).</summary>
    /// <param name="x">[...] float.</param>
    /// <param name="mask">[...] bool, at least one true.</param>
    /// <returns>[], differentiable; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape, or nothing is true.</exception>
    public static Tensor Mean(Tensor x, Tensor mask)
    {
        var count = RequireCount(x, mask, 1);
        using var scope = NewDisposeScope();
        return Kept(x, mask).sum().DividedBy(count).MoveToOuterDisposeScope(); // []
    }

    /// <summary>Mean over the rows of each row's mean over its true positions (sequence mean of token means).</summary>
    /// <param name="x">[B, T] float.</param>
    /// <param name="mask">[B, T] bool, at least one true a row.</param>
    /// <returns>[], differentiable; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape, or a row has nothing true.</exception>
    public static Tensor MeanOfRowMeans(Tensor x, Tensor mask)
    {
        Shapes.RequireRank(x, nameof(x), 2, "[B, T]");
        Shapes.RequireMask(x, nameof(x), mask, nameof(mask));
        using var scope = NewDisposeScope();
        var counts = mask.sum(1); // [B]
        if (counts.eq(s_zero).any().item<bool>())
        {
            throw new ArgumentException($"A row of {nameof(mask)} has no true position: it has no mean.", nameof(mask));
        }

        return (Kept(x, mask).sum(1) / counts).mean().MoveToOuterDisposeScope(); // []
    }

    /// <summary>Unbiased variance over all true positions, n - 1 in the denominator.</summary>
    /// <param name="x">[...] float.</param>
    /// <param name="mask">[...] bool, at least two true.</param>
    /// <returns>[]; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape, or fewer than two positions are true.</exception>
    public static Tensor Variance(Tensor x, Tensor mask)
    {
        var count = RequireCount(x, mask, 2);
        using var scope = NewDisposeScope();
        var centred = Kept(x - Mean(x, mask), mask); // [...]
        return centred.Squared().sum().DividedBy(count - 1).MoveToOuterDisposeScope(); // []
    }

    /// <summary>(x - mean) / sqrt(variance + 1e-8), mean and variance over the true positions.</summary>
    /// <param name="x">[...] float.</param>
    /// <param name="mask">[...] bool, at least two true.</param>
    /// <returns>[...], zero outside the mask; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape, or fewer than two positions are true.</exception>
    public static Tensor Whiten(Tensor x, Tensor mask)
    {
        using var scope = NewDisposeScope();
        var whitened = (x - Mean(x, mask)) / Variance(x, mask).Plus(1e-8).sqrt(); // [...]
        return Kept(whitened, mask).MoveToOuterDisposeScope(); // [...]
    }

    /// <summary>
    /// Share of the returns' variance that the values explain: 1 - Var(returns - values) / Var(returns).
    /// 1 is perfect, 0 no better than a constant, below 0 worse.
    /// </summary>
    /// <param name="values">[...] float.</param>
    /// <param name="returns">[...] float.</param>
    /// <param name="mask">[...] bool, at least two true.</param>
    /// <returns>The share; NaN where the returns do not vary, as there is nothing to explain.</returns>
    /// <exception cref="ArgumentException">The tensors differ in shape, or fewer than two positions are true.</exception>
    public static double ExplainedVariance(Tensor values, Tensor returns, Tensor mask)
    {
        Shapes.RequireSame(returns, nameof(returns), values, nameof(values));
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        var total = Variance(returns, mask).to(ScalarType.Float64).item<double>();
        var residual = Variance(returns - values, mask).to(ScalarType.Float64).item<double>();
        return total == 0 ? double.NaN : 1 - residual / total;
    }

    /// <summary>x with zeros outside the mask; unlike a product, this stops NaN and its gradient.</summary>
    internal static Tensor Kept(Tensor x, Tensor mask) => where(mask, x, zeros_like(x)); // [...]

    private static long RequireCount(Tensor x, Tensor mask, int least)
    {
        Shapes.RequireMask(x, nameof(x), mask, nameof(mask));
        using var sum = mask.sum(); // []
        var count = sum.item<long>();
        return count >= least
            ? count
            : throw new ArgumentException($"{nameof(mask)} has {count} true positions but at least {least} are needed.", nameof(mask));
    }
}
