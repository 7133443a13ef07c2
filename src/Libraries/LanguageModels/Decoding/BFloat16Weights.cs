using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>bfloat16 weights, which are the upper halves of float32 numbers, for either width of register.</summary>
internal readonly struct BFloat16Weights : IWeights<Vector512<float>, ushort>, IWeights<Vector256<float>, ushort>
{
    private const uint UpperHalf = 0xFFFF0000;

    /// <summary>To the nearest, ties to even; NaN stays NaN.</summary>
    public static ushort Pack(float weight)
    {
        var bits = BitConverter.SingleToUInt32Bits(weight);
        return float.IsNaN(weight) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    public static float Unpack(ushort weight) => BitConverter.UInt32BitsToSingle((uint)weight << 16);

    // The outputs of both registers take turns, so that one load brings both: the lower and the upper halves of its float32 numbers.
    static int IWeights<Vector512<float>, ushort>.PlaceOf(int output) => TakeTurns(output, Vector512<float>.Count);

    static int IWeights<Vector256<float>, ushort>.PlaceOf(int output) => TakeTurns(output, Vector256<float>.Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe (Vector512<float> First, Vector512<float> Second) IWeights<Vector512<float>, ushort>.LoadPanel(ushort* from)
    {
        var both = Vector512.Load((uint*)from);
        return (Vector512.ShiftLeft(both, 16).AsSingle(), (both & Vector512.Create(UpperHalf)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe (Vector256<float> First, Vector256<float> Second) IWeights<Vector256<float>, ushort>.LoadPanel(ushort* from)
    {
        var both = Vector256.Load((uint*)from);
        return (Vector256.ShiftLeft(both, 16).AsSingle(), (both & Vector256.Create(UpperHalf)).AsSingle());
    }

    private static int TakeTurns(int output, int lanes) => output < lanes ? 2 * output : (2 * (output - lanes)) + 1;
}
