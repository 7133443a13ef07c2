using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization;

/// <summary>Shape checks whose errors name both sides.</summary>
internal static class Shapes
{
    /// <summary>Both tensors must have the same sizes.</summary>
    public static void RequireSame(Tensor expected, string expectedName, Tensor actual, string actualName)
    {
        if (!expected.shape.AsSpan().SequenceEqual(actual.shape))
        {
            throw new ArgumentException(
                $"{actualName} has shape {Describe(actual)} but {expectedName} has {Describe(expected)}; they must be the same.",
                actualName);
        }
    }

    /// <summary>The tensor must have exactly <paramref name="rank"/> dimensions.</summary>
    public static void RequireRank(Tensor tensor, string name, int rank, string letters)
    {
        if (tensor.dim() != rank)
        {
            throw new ArgumentException($"{name} has shape {Describe(tensor)} but must be {letters}.", name);
        }
    }

    /// <summary>The tensor must be boolean and shaped like the tensor that it masks.</summary>
    public static void RequireMask(Tensor masked, string maskedName, Tensor mask, string maskName)
    {
        RequireSame(masked, maskedName, mask, maskName);
        if (mask.dtype != ScalarType.Bool)
        {
            throw new ArgumentException($"{maskName} holds {mask.dtype} but a mask must hold Bool.", maskName);
        }
    }

    /// <summary>The sizes as text, e.g. "[4, 25]".</summary>
    public static string Describe(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";
}
