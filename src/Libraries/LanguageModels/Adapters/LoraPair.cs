using Rlhf.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Adapters;

/// <summary>The two factors beside one linear layer: scale · B · A.</summary>
/// <param name="A">[r, in].</param>
/// <param name="B">[out, r].</param>
/// <param name="Scale">α / r.</param>
internal sealed record LoraPair(Parameter A, Parameter B, double Scale)
{
    /// <summary>[..., in] to [..., out], in the input's type.</summary>
    public Tensor Forward(Tensor x)
    {
        var low = nn.functional.linear(x, A.to(x.dtype)); // [..., r]
        return nn.functional.linear(low, B.to(x.dtype)).Times(Scale); // [..., out]
    }

    /// <summary>[out, in], what the pair adds to the layer's weight. The caller owns it.</summary>
    public Tensor Product()
    {
        using Scalar scale = Scale;
        return B.matmul(A).mul_(scale); // [out, in]
    }
}
