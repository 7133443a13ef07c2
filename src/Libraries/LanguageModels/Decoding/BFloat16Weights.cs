using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>bfloat16 weights, which are the upper halves of float32 numbers, for either width of register.</summary>
internal readonly struct BFloat16Weights : IWeights<Vector512<float>, ushort>, IWeights<Vector256<float>, ushort>
{
    /// <summary>To the nearest, ties to even; NaN stays NaN.</summary>
    public static ushort Pack(float weight)
    {
        var bits = BitConverter.SingleToUInt32Bits(weight);
        return float.IsNaN(weight) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    public static float Unpack(ushort weight) => BitConverter.UInt32BitsToSingle((uint)weight << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe Vector512<float> IWeights<Vector512<float>, ushort>.LoadWeights(ushort* from) =>
        Vector512.ShiftLeft(Vector512.WidenLower(Vector256.Load(from).ToVector512Unsafe()), 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe Vector256<float> IWeights<Vector256<float>, ushort>.LoadWeights(ushort* from) =>
        Vector256.ShiftLeft(Vector256.WidenLower(Vector128.Load(from).ToVector256Unsafe()), 16).AsSingle();
}
