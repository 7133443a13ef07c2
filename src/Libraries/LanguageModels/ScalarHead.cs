using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels;

/// <summary>A linear layer from a hidden state to one number: a reward, or a value.</summary>
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

    /// <summary>N(0, 1/√(C+1)), for a reward model (Stiennon et al. 2020, arXiv:2009.01325).</summary>
    public static ScalarHead CreateRandom(int hiddenSize, long seed, Device? device = null)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        return new ScalarHead((randn([1, hiddenSize], generator: generator) / Math.Sqrt(hiddenSize + 1)).to(device ?? CPU));
    }

    /// <summary>All zeros, for a value function.</summary>
    public static ScalarHead CreateZero(int hiddenSize, Device? device = null)
    {
        using var scope = NewDisposeScope();
        return new ScalarHead(zeros([1, hiddenSize], device: device));
    }

    /// <summary>The given weight [1, C], which the head then owns.</summary>
    internal static ScalarHead Of(Tensor weight) => new(weight);

    /// <summary>[..., C] to [...].</summary>
    public Tensor Forward(Tensor hidden) => nn.functional.linear(hidden, _weight).squeeze(-1); // [...]

    /// <inheritdoc/>
    public void Dispose() => _weight.Dispose();
}
