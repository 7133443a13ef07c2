using Rlhf.LanguageModels.Adapters;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>A linear layer without bias, with the LoRA pair beside it when an adapter is active.</summary>
internal sealed class Projection(string name, Parameter weight)
{
    /// <summary>The layer's name as in the checkpoint, without ".weight".</summary>
    public string Name { get; } = name;

    /// <summary>[out, in].</summary>
    public Parameter Weight { get; } = weight;

    /// <summary>The active adapter's pair; null leaves the layer as it was loaded.</summary>
    public LoraPair? Adapter { get; set; }

    /// <summary>[..., in] to [..., out].</summary>
    public Tensor Forward(Tensor x)
    {
        var y = nn.functional.linear(x, Weight); // [..., out]
        return Adapter is { } pair ? y + pair.Forward(x) : y; // [..., out]
    }
}
