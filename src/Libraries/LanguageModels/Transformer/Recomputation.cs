using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>
/// Runs a block and keeps only its input; the backward pass runs it again (Chen et al. 2016, arXiv:1604.06174). The gradients are
/// the same, memory is that of one block's activations, and a step takes one more forward pass.
/// </summary>
internal sealed class Recomputation : autograd.SingleTensorFunction<Recomputation>
{
    private const string BlockKey = "block";

    public override string Name => nameof(Recomputation);

    /// <summary>The block's output, differentiable in the input and in what requires a gradient inside.</summary>
    /// <param name="x">[1, N, C].</param>
    /// <param name="block">[1, N, C] to [1, N, C], the same each time; must hold no tensor of the caller's scope.</param>
    public static Tensor Run(Tensor x, Func<Tensor, Tensor> block)
    {
        // The engine asks for a backward pass only where an input requires a gradient: below a frozen embedding none would.
        var input = x.requires_grad ? x : x.detach().requires_grad_(true); // [1, N, C]
        return apply(input, block); // [1, N, C]
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, block) = ((Tensor)vars[0], (Func<Tensor, Tensor>)vars[1]);
        ctx.save_for_backward([x]);
        ctx.save_data(BlockKey, block);
        using var noGradients = no_grad();
        return block(x); // [1, N, C]
    }

    public override List<Tensor?> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        using var gradients = enable_grad();
        var x = ctx.get_saved_variables()[0].detach().requires_grad_(true); // [1, N, C]
        var y = ((Func<Tensor, Tensor>)ctx.get_data(BlockKey))(x); // [1, N, C]
        y.backward([grad_output]); // the weights' gradients are added on the way
        return [x.grad?.MoveToOuterDisposeScope(), null]; // of the input and of the block
    }
}
