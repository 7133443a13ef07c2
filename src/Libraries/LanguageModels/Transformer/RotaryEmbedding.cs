using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Rotary positions (Su et al. 2021, arXiv:2104.09864), in the half-split order of Hugging Face checkpoints.</summary>
internal sealed class RotaryEmbedding : IDisposable
{
    private readonly Tensor _cosine; // [S, D]
    private readonly Tensor _signedSine; // [S, D], the first half negated

    public RotaryEmbedding(ModelConfig config, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        var exponents = arange(0, config.HeadSize, 2, float64) / config.HeadSize; // [D / 2]
        var frequencies = pow(config.RopeTheta, exponents).reciprocal(); // [D / 2]
        var angles = outer(arange(config.ContextLength, float64), frequencies); // [S, D / 2]
        _cosine = cat([angles.cos(), angles.cos()], 1).to(type).to(device).DetachFromDisposeScope(); // [S, D]
        _signedSine = cat([-angles.sin(), angles.sin()], 1).to(type).to(device).DetachFromDisposeScope(); // [S, D]
    }

    /// <summary>Tables for positions 0 to length - 1: two tensors of [length, D].</summary>
    public (Tensor Cosine, Tensor SignedSine) First(long length) => (_cosine.narrow(0, 0, length), _signedSine.narrow(0, 0, length));

    /// <summary>Tables for one position a row: two tensors of [B, 1, 1, D].</summary>
    public (Tensor Cosine, Tensor SignedSine) At(Tensor positions) =>
        (Row(_cosine, positions), Row(_signedSine, positions));

    /// <summary>Rotates queries or keys [B, H, S, D].</summary>
    public static Tensor Rotate(Tensor x, Tensor cosine, Tensor signedSine) =>
        addcmul(x * cosine, x.roll(x.shape[^1] / 2, -1), signedSine, 1); // [B, H, S, D]

    private static Tensor Row(Tensor table, Tensor positions) =>
        table.index_select(0, positions).view(-1, 1, 1, table.shape[1]); // [B, 1, 1, D]

    public void Dispose()
    {
        _cosine.Dispose();
        _signedSine.Dispose();
    }
}
