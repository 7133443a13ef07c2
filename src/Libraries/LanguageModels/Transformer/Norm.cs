using Rlhf.LanguageModels.Configuration;
using Rlhf.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Normalisation over the last dimension.</summary>
internal sealed class Norm(NormKind kind, double epsilon, Parameter weight, Parameter? bias)
{
    private static readonly Scalar s_one = 1;

    private readonly Scalar _epsilon = epsilon;

    /// <summary>[C], as the checkpoint stores it.</summary>
    public Parameter Weight { get; } = weight;

    /// <summary>[C]; null where the kind has none.</summary>
    public Parameter? Bias { get; } = bias;

    /// <summary>[..., C] to [..., C], in the weight's type.</summary>
    public Tensor Forward(Tensor input)
    {
        var x = input.to(Weight.dtype); // [..., C]
        if (kind == NormKind.Layer)
        {
            return nn.functional.layer_norm(x, Weight.shape, Weight, Bias, epsilon); // [..., C]
        }

        var inverse = x.Squared().mean([-1], keepdim: true).add_(_epsilon, s_one).rsqrt_(); // [..., 1]
        return x * inverse * (kind == NormKind.RootMeanSquareAboutOne ? Weight.Plus(1) : Weight); // [..., C]
    }
}
