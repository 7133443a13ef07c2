using Rlhf.LanguageModels.Configuration;
using Rlhf.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>A feed-forward layer with its norms; gated (Shazeer 2020, arXiv:2002.05202) where it has two inner projections.</summary>
internal sealed class FeedForward(Activation activation, Norm norm, IReadOnlyList<Projection> inner, Projection down, Norm? postNorm)
{
    private static readonly Scalar s_three = 3;

    public Norm Norm => norm;

    public IReadOnlyList<Projection> Inner => inner;

    public Projection Down => down;

    public Norm? PostNorm => postNorm;

    /// <summary>The stream with the layer's output added: [1, N, C] to [1, N, C].</summary>
    /// <param name="productType">Of the linear layers.</param>
    public Tensor Forward(Tensor x, ScalarType productType)
    {
        var normalised = norm.Forward(x).to(productType); // [1, N, C]
        var hidden = Activate(inner[0].Forward(normalised)); // [1, N, F]
        var output = down.Forward(inner.Count == 1 ? hidden : hidden * inner[1].Forward(normalised)); // [1, N, C]
        return x.Plus(postNorm?.Forward(output) ?? output); // [1, N, C]
    }

    private Tensor Activate(Tensor x) => activation == Activation.Silu ? nn.functional.silu(x) : GeluTanh(x); // [1, N, F]

    private static Tensor GeluTanh(Tensor x) => x * nn.functional.sigmoid(x.Plus(x.pow(s_three).Times(0.044715)).Times(2 * Math.Sqrt(2 / Math.PI))); // [1, N, F]
}
