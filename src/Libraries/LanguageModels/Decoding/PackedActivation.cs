using System.Numerics.Tensors;
using Rlhf.LanguageModels.Configuration;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>The feed-forward layer's nonlinearity over single rows.</summary>
internal static class PackedActivation
{
    /// <summary>Both kinds are x times a sigmoid: GELU's tanh form is x · σ(2·√(2/π)·(x + 0.044715·x³)).</summary>
    /// <param name="activation">Which.</param>
    /// <param name="x">[F].</param>
    /// <param name="y">[F], other memory.</param>
    public static void Apply(Activation activation, ReadOnlySpan<float> x, Span<float> y)
    {
        if (activation == Activation.Silu)
        {
            TensorPrimitives.Sigmoid(x, y);
        }
        else
        {
            TensorPrimitives.Multiply(x, x, y);
            TensorPrimitives.Multiply(y, 0.044715f, y);
            TensorPrimitives.Add(y, 1, y);
            TensorPrimitives.Multiply(y, x, y);
            TensorPrimitives.Multiply(y, (float)(2 * Math.Sqrt(2 / Math.PI)), y);
            TensorPrimitives.Sigmoid(y, y);
        }

        TensorPrimitives.Multiply(y, x, y);
    }

    /// <summary>cap · tanh(x / cap), in place.</summary>
    public static void Cap(Span<float> x, double cap, double scale = 1)
    {
        TensorPrimitives.Multiply(x, (float)(scale / cap), x);
        TensorPrimitives.Tanh(x, x);
        TensorPrimitives.Multiply(x, (float)cap, x);
    }
}
