using Rlhf.LanguageModels.Adapters;
using Rlhf.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>A linear layer, with the LoRA pair beside it when an adapter is active.</summary>
/// <param name="name">The layer's name as in the checkpoint, without ".weight".</param>
/// <param name="weight">[out, in], or [in, out] where it is stored transposed.</param>
/// <param name="bias">[out], or none.</param>
/// <param name="isTransposed">Whether the weight is [in, out], as in GPT-2.</param>
internal sealed class Projection(string name, Parameter weight, Parameter? bias, bool isTransposed)
{
    private static readonly Scalar s_one = 1;

    /// <summary>The layer's name as in the checkpoint, without ".weight".</summary>
    public string Name { get; } = name;

    /// <summary>As the checkpoint stores it.</summary>
    public Parameter Weight { get; } = weight;

    /// <summary>[out]; null where the layer has none.</summary>
    public Parameter? Bias { get; } = bias;

    /// <summary>Whether the weight is stored [in, out].</summary>
    public bool IsTransposed { get; } = isTransposed;

    /// <summary>Width of the input.</summary>
    public long Inputs => Weight.shape[IsTransposed ? 0 : 1];

    /// <summary>Width of the output.</summary>
    public long Outputs => Weight.shape[IsTransposed ? 1 : 0];

    /// <summary>The active adapter's pair; null leaves the layer as it was loaded.</summary>
    public LoraPair? Adapter { get; set; }

    /// <summary>[..., in] to [..., out], in the input's type: the weight is rounded to it, and gets its gradient in its own.</summary>
    public Tensor Forward(Tensor x)
    {
        var rounded = Weight.to(x.dtype); // as the weight; itself where the types are one
        var y = nn.functional.linear(x, IsTransposed ? rounded.t() : rounded, Bias?.to(x.dtype)); // [..., out]
        return Adapter is { } pair ? y.Plus(pair.Forward(x)) : y; // [..., out]
    }

    /// <summary>Adds a change [out, in] to the weight, in place.</summary>
    public void Add(Tensor change) => Weight.add_(IsTransposed ? change.t() : change, s_one);
}
