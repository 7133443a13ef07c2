using System.Numerics.Tensors;
using Rlhf.LanguageModels.Configuration;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>Normalisation of single rows.</summary>
internal sealed class PackedNorm(NormKind kind, double epsilon, int width)
{
    private readonly float[] _weight = new float[width];
    private readonly float[] _bias = new float[kind == NormKind.Layer ? width : 0];

    /// <summary>Takes over a norm's weights.</summary>
    public void Repack(NormView norm)
    {
        norm.Weight.Read(0, _weight);
        norm.Bias?.Read(0, _bias);
        if (kind == NormKind.RootMeanSquareAboutOne)
        {
            TensorPrimitives.Add(_weight, 1, _weight);
        }
    }

    /// <summary>Normalises a row; both may be the same memory.</summary>
    /// <param name="x">[C].</param>
    /// <param name="y">[C].</param>
    public void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        if (kind == NormKind.Layer)
        {
            TensorPrimitives.Subtract(x, TensorPrimitives.Sum(x) / x.Length, y);
            x = y;
        }

        var inverse = (float)(1 / Math.Sqrt((TensorPrimitives.SumOfSquares(x) / x.Length) + epsilon));
        TensorPrimitives.Multiply(x, inverse, y);
        TensorPrimitives.Multiply(y, _weight, y);
        if (kind == NormKind.Layer)
        {
            TensorPrimitives.Add(y, _bias, y);
        }
    }
}
