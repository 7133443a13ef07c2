using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tensors;

/// <summary>
/// Arithmetic that keeps its numbers alive. TorchSharp's own operators turn a number, and the 1 in a + b, into a <see cref="Scalar"/> that
/// the garbage collector may free while native code reads it: the operation then fails, or computes with another number.
/// Results are those of TorchSharp's operators, to the bit; the caller owns them.
/// </summary>
public static class TensorArithmetic
{
    private static readonly Scalar s_zero = 0;
    private static readonly Scalar s_one = 1;
    private static readonly Scalar s_two = 2;

    /// <summary>a + b.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, s_one); // as a and b broadcast

    /// <summary>x + number; a number with a fraction makes integers floats.</summary>
    public static Tensor Plus(this Tensor x, double number)
    {
        using Scalar kept = number;
        return x.add(kept, s_one); // as x
    }

    /// <summary>x + number, integers staying integers.</summary>
    public static Tensor Plus(this Tensor x, long number)
    {
        using Scalar kept = number;
        return x.add(kept, s_one); // as x
    }

    /// <summary>x - number; a number with a fraction makes integers floats.</summary>
    public static Tensor Minus(this Tensor x, double number)
    {
        using Scalar kept = number;
        return x.sub(kept); // as x
    }

    /// <summary>x - number, integers staying integers.</summary>
    public static Tensor Minus(this Tensor x, long number)
    {
        using Scalar kept = number;
        return x.sub(kept); // as x
    }

    /// <summary>x · number; a number with a fraction makes integers floats.</summary>
    public static Tensor Times(this Tensor x, double number)
    {
        using Scalar kept = number;
        return x.mul(kept); // as x
    }

    /// <summary>x · number, integers staying integers.</summary>
    public static Tensor Times(this Tensor x, long number)
    {
        using Scalar kept = number;
        return x.mul(kept); // as x
    }

    /// <summary>x / number, always a float.</summary>
    public static Tensor DividedBy(this Tensor x, double number)
    {
        using Scalar kept = number;
        return x.div(kept); // as x
    }

    /// <summary>x / number, always a float.</summary>
    public static Tensor DividedBy(this Tensor x, long number)
    {
        using Scalar kept = number;
        return x.div(kept); // as x
    }

    /// <summary>1 - x.</summary>
    public static Tensor Complement(this Tensor x)
    {
        using var negative = x.negative(); // as x
        return negative.add(s_one, s_one); // as x
    }

    /// <summary>x².</summary>
    public static Tensor Squared(this Tensor x) => x.pow(s_two); // as x

    /// <summary>x, no lower than <paramref name="low"/> and no higher than <paramref name="high"/>.</summary>
    public static Tensor ClampedTo(this Tensor x, double low, double high)
    {
        using Scalar keptLow = low, keptHigh = high;
        return x.clamp(keptLow, keptHigh); // as x
    }

    /// <summary>0 to count - 1: [count].</summary>
    public static Tensor CountTo(long count, ScalarType type, Device device)
    {
        using Scalar kept = count;
        return arange(s_zero, kept, s_one, type, device); // [count]
    }
}
