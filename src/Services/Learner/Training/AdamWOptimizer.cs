using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) by PyTorch's fused kernel: one pass over weight, gradient and moments,
/// where one operator after the other makes ten.
/// </summary>
internal sealed class AdamWOptimizer : IDisposable
{
    private static readonly Scalar s_beta1 = 0.9;
    private static readonly Scalar s_beta2 = 0.999;
    private static readonly Scalar s_epsilon = 1e-8;

    // A mistake in here would end the process, so nothing is put together at run time.
    private const string Source =
        """
        def norm(gradients: List[Tensor]) -> Tensor:
            return torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients)))

        def step(parameters: List[Tensor], gradients: List[Tensor], first: List[Tensor], second: List[Tensor], steps: List[Tensor],
                 scale: Tensor, rate: float, beta1: float, beta2: float, decay: float, epsilon: float) -> Tensor:
            torch._foreach_add_(steps, 1)
            torch._fused_adamw_(parameters, gradients, first, second, [], steps, lr=rate, beta1=beta1, beta2=beta2, weight_decay=decay,
                                eps=epsilon, amsgrad=False, maximize=False, grad_scale=scale)
            return scale

        """;

    private static readonly Lazy<jit.CompilationUnit> s_functions = new(() => jit.compile(Source));

    private readonly Dictionary<Parameter, Moments> _moments = [];

    /// <summary>An optimizer whose moments are zero.</summary>
    public AdamWOptimizer(params IReadOnlyList<ParameterGroup> groups)
    {
        Groups = groups;
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        foreach (var parameter in Parameters)
        {
            _moments[parameter] = new Moments(
                zeros_like(parameter).DetachFromDisposeScope(),
                zeros_like(parameter).DetachFromDisposeScope(),
                zeros([], float32, parameter.device).DetachFromDisposeScope());
        }
    }

    /// <summary>Parameters by learning rate.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>Of all parameters, group after group.</summary>
    public IReadOnlyList<Moments> Moments => [.. Parameters.Select(parameter => _moments[parameter])];

    private IEnumerable<Parameter> Parameters => Groups.SelectMany(group => group.Parameters);

    /// <summary>The length of all gradients together; 0 where there is none.</summary>
    public double GradientNorm()
    {
        using var scope = NewDisposeScope();
        var (_, gradients) = WithGradients(Parameters);
        return gradients.Length == 0 ? 0 : ((Tensor)s_functions.Value.invoke("norm", [gradients])).item<float>();
    }

    /// <summary>Moves all parameters that have a gradient, and clears the gradients.</summary>
    /// <param name="divisor">Divides the gradients before anything else.</param>
    public void Step(double divisor = 1)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        foreach (var group in Groups)
        {
            var (parameters, gradients) = WithGradients(group.Parameters);
            if (parameters.Length == 0)
            {
                continue;
            }

            var moments = parameters.Select(parameter => _moments[parameter]).ToArray();
            using Scalar rate = group.LearningRate, decay = group.WeightDecay;
            s_functions.Value.invoke(
                "step",
                Tensors(parameters),
                gradients,
                Tensors(moments.Select(moment => moment.First)),
                Tensors(moments.Select(moment => moment.Second)),
                Tensors(moments.Select(moment => moment.Steps)),
                tensor((float)divisor, device: parameters[0].device),
                rate,
                s_beta1,
                s_beta2,
                decay,
                s_epsilon);
            foreach (var parameter in parameters)
            {
                parameter.grad = null;
            }
        }
    }

    /// <summary>Forgets the gradients without moving anything.</summary>
    public void ClearGradients()
    {
        foreach (var parameter in Parameters)
        {
            parameter.grad = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var moments in _moments.Values)
        {
            moments.Dispose();
        }
    }

    private static (Parameter[] Parameters, Tensor[] Gradients) WithGradients(IEnumerable<Parameter> parameters)
    {
        var (moved, gradients) = (new List<Parameter>(), new List<Tensor>());
        foreach (var parameter in parameters)
        {
            if (parameter.grad is { } gradient)
            {
                moved.Add(parameter);
                gradients.Add(gradient);
            }
        }

        return ([.. moved], [.. gradients]);
    }

    private static Tensor[] Tensors(IEnumerable<Tensor> tensors) => [.. tensors];
}
