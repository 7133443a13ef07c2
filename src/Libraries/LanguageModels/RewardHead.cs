using Rlhf.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels;

/// <summary>
/// The head of a reward model: a linear layer from a hidden state to one number, or to one for each member of an ensemble (Lakshminarayanan
/// et al. 2017, arXiv:1612.01474; heads on one trunk as in Osband et al. 2016, arXiv:1602.04621).
/// </summary>
public sealed class RewardHead : IDisposable
{
    private readonly Parameter _weight; // [K, C]

    private RewardHead(Tensor weight, IReadOnlyList<string> labels)
    {
        Labels = labels;
        _weight = new Parameter(weight);
        _weight.DetachFromDisposeScope();
    }

    /// <summary>[K, C], the trainable weight: a row for each member.</summary>
    public Parameter Weight => _weight;

    /// <summary>How many members there are, 1 or more.</summary>
    public int Members => Labels.Count;

    /// <summary>What each member is called.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>N(0, 1/√(C+1)) (Stiennon et al. 2020, arXiv:2009.01325).</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no member.</exception>
    public static RewardHead CreateRandom(int hiddenSize, int members, long seed, Device? device = null) =>
        CreateRandom(hiddenSize, [.. Enumerable.Range(0, members).Select(DefaultLabel)], seed, device);

    /// <summary>The same with names for the members.</summary>
    /// <inheritdoc cref="CreateRandom(int, int, long, Device?)"/>
    public static RewardHead CreateRandom(int hiddenSize, IReadOnlyList<string> labels, long seed, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(labels.Count, nameof(labels));
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        return new RewardHead(randn([labels.Count, hiddenSize], generator: generator).DividedBy(Math.Sqrt(hiddenSize + 1)).to(device ?? CPU), labels);
    }

    /// <summary>The given weight [K, C], which the head then owns.</summary>
    internal static RewardHead Of(Tensor weight, IReadOnlyList<string> labels) => new(weight, labels);

    /// <summary>What Transformers calls a label without a name.</summary>
    internal static string DefaultLabel(int index) => $"LABEL_{index}";

    /// <summary>[..., C] to [..., K].</summary>
    public Tensor Forward(Tensor hidden) => nn.functional.linear(hidden, _weight); // [..., K]

    /// <inheritdoc/>
    public void Dispose() => _weight.Dispose();
}
