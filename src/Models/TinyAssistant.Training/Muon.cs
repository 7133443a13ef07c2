using Rlhf.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.TinyAssistant.Training;

/// <summary>
/// Orthogonalised momentum for weight matrices (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural
/// networks"): each update is brought near to the closest matrix whose singular values are all one. For the same number of
/// tokens it reaches a lower loss than AdamW, which is what counts on two cores.
/// </summary>
internal sealed class Muon : IDisposable
{
    private const double Momentum = .95;
    private const int NewtonSchulzSteps = 5;

    private readonly List<List<Parameter>> _groups; // matrices of one shape, worked on together
    private readonly Dictionary<Parameter, Tensor> _momenta = [];
    private readonly double _weightDecay;

    /// <param name="matrices">Weights of two dimensions that require gradients.</param>
    /// <param name="weightDecay">Decoupled, times the learning rate.</param>
    public Muon(IEnumerable<Parameter> matrices, double weightDecay)
    {
        _weightDecay = weightDecay;
        _groups = [.. matrices.GroupBy(matrix => (matrix.shape[0], matrix.shape[1])).Select(group => group.ToList())];
        foreach (var matrix in _groups.SelectMany(group => group))
        {
            _momenta[matrix] = zeros_like(matrix, requires_grad: false).DetachFromDisposeScope();
        }
    }

    /// <summary>One update from the gradients at hand.</summary>
    public void Step(double learningRate)
    {
        using var noGradients = no_grad();
        foreach (var group in _groups)
        {
            using var scope = NewDisposeScope();
            var updates = stack(group.Select(Nesterov)); // [N, rows, columns]
            var orthogonal = Orthogonalise(updates); // [N, rows, columns]
            // Keeps the size of a weight's update the same whatever the shape.
            var scale = Math.Sqrt(Math.Max(1, (double)group[0].shape[0] / group[0].shape[1]));
            using Scalar kept = 1 - (learningRate * _weightDecay), step = -learningRate * scale;
            foreach (var (index, matrix) in group.Index())
            {
                matrix.mul_(kept);
                matrix.add_(orthogonal[index], step);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var momentum in _momenta.Values)
        {
            momentum.Dispose();
        }
    }

    private Tensor Nesterov(Parameter matrix)
    {
        var gradient = matrix.grad ?? throw new InvalidOperationException("a matrix has no gradient; every weight must take part in the loss");
        var momentum = _momenta[matrix];
        momentum.lerp_(gradient, 1 - Momentum);
        return gradient.lerp(momentum, Momentum); // [rows, columns]
    }

    /// <summary>Newton–Schulz iteration with the published coefficients: singular values end between about 0.7 and 1.2.</summary>
    private static Tensor Orthogonalise(Tensor updates)
    {
        var isTall = updates.shape[1] > updates.shape[2];
        var x = isTall ? updates.transpose(1, 2) : updates; // [N, short, long]
        x = x / x.Squared().sum([1, 2], keepdim: true).sqrt().Plus(1e-7); // [N, short, long]
        for (var i = 0; i < NewtonSchulzSteps; i++)
        {
            var a = x.matmul(x.transpose(1, 2)); // [N, short, short]
            var b = a.Times(-4.7750).Plus(a.matmul(a).Times(2.0315)); // [N, short, short]
            x = x.Times(3.4445).Plus(b.matmul(x)); // [N, short, long]
        }

        return isTall ? x.transpose(1, 2) : x; // [N, rows, columns]
    }
}
