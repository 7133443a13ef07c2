using System.Numerics;
using Rlhf.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Rotary positions (Su et al. 2021, arXiv:2104.09864), in the half-split order of Hugging Face checkpoints.</summary>
internal sealed class RotaryEmbedding(ModelConfig config, ScalarType type, Device device) : IDisposable
{
    private static readonly Scalar s_one = 1;

    private Tensor? _cosine; // [positions, D]
    private Tensor? _signedSine; // [positions, D], the first half negated

    /// <summary>How many tokens each pair of places takes to turn by a radian: [D / 2].</summary>
    public static double[] TokensPerRadian(ModelConfig config) =>
    [
        .. Enumerable.Range(0, config.HeadSize / 2).Select(pair => Math.Pow(config.RopeTheta, 2.0 * pair / config.HeadSize))
            .Select(tokens => config.RopeScaling is { } scaling ? 1 / scaling.Apply(1 / tokens) : tokens),
    ];

    /// <summary>Tables for tokens that follow each other: two tensors of [N, D].</summary>
    /// <param name="positions">[N] int64.</param>
    /// <param name="length">All positions are below it.</param>
    public (Tensor Cosine, Tensor SignedSine) Of(Tensor positions, long length)
    {
        var (cosine, signedSine) = Tables(length);
        return (cosine.index_select(0, positions), signedSine.index_select(0, positions)); // [N, D] both
    }

    /// <summary>Tables for one position a row: two tensors of [B, 1, 1, D].</summary>
    /// <param name="positions">[B] int64.</param>
    /// <param name="length">All positions are below it.</param>
    public (Tensor Cosine, Tensor SignedSine) At(Tensor positions, long length)
    {
        var (cosine, signedSine) = Of(positions, length);
        return (cosine.view(-1, 1, 1, cosine.shape[1]), signedSine.view(-1, 1, 1, cosine.shape[1])); // [B, 1, 1, D] both
    }

    /// <summary>Rotates queries or keys [B, H, S, D].</summary>
    public static Tensor Rotate(Tensor x, Tensor cosine, Tensor signedSine) =>
        addcmul(x * cosine, x.roll(x.shape[^1] / 2, -1), signedSine, s_one); // [B, H, S, D]

    // A context may be a million tokens long, so the tables grow with the sequences.
    private (Tensor Cosine, Tensor SignedSine) Tables(long length)
    {
        if (_cosine is { } known && _signedSine is { } knownSine && known.shape[0] >= length)
        {
            return (known, knownSine);
        }

        Dispose();
        using var scope = NewDisposeScope();
        var positions = Math.Max(length, Math.Min(config.ContextLength, (long)BitOperations.RoundUpToPowerOf2((ulong)length)));
        var frequencies = tensor(TokensPerRadian(config)).reciprocal(); // [D / 2]
        var angles = outer(TensorArithmetic.CountTo(positions, float64, CPU), frequencies); // [positions, D / 2]
        var cosine = cat([angles.cos(), angles.cos()], 1).to(type).to(device).DetachFromDisposeScope(); // [positions, D]
        var signedSine = cat([-angles.sin(), angles.sin()], 1).to(type).to(device).DetachFromDisposeScope(); // [positions, D]
        (_cosine, _signedSine) = (cosine, signedSine);
        return (cosine, signedSine);
    }

    public void Dispose()
    {
        _cosine?.Dispose();
        _signedSine?.Dispose();
    }
}
