using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels;

/// <summary>A linear layer from a hidden state to one number, as a value function needs.</summary>
public sealed class ScalarHead : IDisposable
{
    private readonly Parameter _weight; // [1, C]

    private ScalarHead(Tensor weight)
    {
        _weight = new Parameter(weight);
        _weight.DetachFromDisposeScope();
    }

    /// <summary>[1, C], the trainable weight.</summary>
    public Parameter Weight => _weight;

    /// <summary>All zeros, for a value function.</summary>
    public static ScalarHead CreateZero(int hiddenSize, Device? device = null)
    {
        using var scope = NewDisposeScope();
        return new ScalarHead(zeros([1, hiddenSize], device: device));
    }

    /// <summary>[..., C] to [...].</summary>
    public Tensor Forward(Tensor hidden) => nn.functional.linear(hidden, _weight).squeeze(-1); // [...]

    /// <inheritdoc/>
    public void Dispose() => _weight.Dispose();
}
