using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Root-mean-square normalisation (Zhang and Sennrich 2019, arXiv:1910.07467).</summary>
internal sealed class RmsNorm(Parameter weight, double epsilon)
{
    /// <summary>[..., C] to [..., C].</summary>
    public Tensor Forward(Tensor x)
    {
        var inverse = x.square().mean([-1], keepdim: true).add_(epsilon).rsqrt_(); // [..., 1]
        return x * inverse * weight; // [..., C]
    }
}
