using Rlhf.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization;

/// <summary>Which positions hold sampled tokens.</summary>
public static class ResponseMask
{
    private static readonly Scalar s_zero = 0;

    /// <summary>True up to and with the first stop token of each row; its complement is the padding mask.</summary>
    /// <param name="tokenIds">[B, T] int64.</param>
    /// <param name="stopTokenIds">Token ids that end a response.</param>
    /// <returns>[B, T] bool; all true in a row that has no stop token. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The tensor is not [B, T].</exception>
    public static Tensor UntilStop(Tensor tokenIds, IReadOnlyCollection<long> stopTokenIds)
    {
        Shapes.RequireRank(tokenIds, nameof(tokenIds), 2, "[B, T]");
        using var scope = NewDisposeScope();
        var isStop = zeros_like(tokenIds, dtype: ScalarType.Int64); // [B, T]
        foreach (var stop in stopTokenIds)
        {
            using Scalar kept = stop;
            isStop = isStop.Plus(tokenIds.eq(kept).to(ScalarType.Int64)); // [B, T]
        }

        var stopsBefore = isStop.cumsum(1) - isStop; // [B, T]
        return stopsBefore.eq(s_zero).MoveToOuterDisposeScope(); // [B, T]
    }

    /// <summary>The last sampled position of each row.</summary>
    /// <param name="responseMask">[B, T] bool, true on sampled tokens.</param>
    /// <returns>[B] int64; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The mask is not [B, T] bool, or a row has no sampled token.</exception>
    public static Tensor LastPosition(Tensor responseMask)
    {
        Shapes.RequireRank(responseMask, nameof(responseMask), 2, "[B, T]");
        Shapes.RequireMask(responseMask, nameof(responseMask), responseMask, nameof(responseMask));
        using var scope = NewDisposeScope();
        if (!responseMask.any(1).all().item<bool>())
        {
            throw new ArgumentException($"A row of {nameof(responseMask)} has no true position: every response needs a token.", nameof(responseMask));
        }

        var positions = TensorArithmetic.CountTo(responseMask.shape[1], ScalarType.Int64, responseMask.device).Plus(1); // [T], 1 to T
        return (positions * responseMask.to(ScalarType.Int64)).amax([1]).Minus(1).MoveToOuterDisposeScope(); // [B]
    }
}
