using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>16 numbers a register; float32 weights.</summary>
internal readonly struct Lanes512 : ILanes<Vector512<float>>, IWeights<Vector512<float>, float>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector512<float> Load(float* from) => Vector512.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> sum) => Vector512.MultiplyAddEstimate(a, b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Vector512<float> value, float* to) => value.Store(to);

    public static float Pack(float weight) => weight;

    public static float Unpack(float weight) => weight;

    public static int PlaceOf(int output) => output;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe (Vector512<float> First, Vector512<float> Second) LoadPanel(float* from) => (Load(from), Load(from + Count));
}

/// <summary>8 numbers a register; float32 weights. The framework makes two registers of four where a processor has no wider ones.</summary>
internal readonly struct Lanes256 : ILanes<Vector256<float>>, IWeights<Vector256<float>, float>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<float> Load(float* from) => Vector256.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> sum) => Vector256.MultiplyAddEstimate(a, b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store(Vector256<float> value, float* to) => value.Store(to);

    public static float Pack(float weight) => weight;

    public static float Unpack(float weight) => weight;

    public static int PlaceOf(int output) => output;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe (Vector256<float> First, Vector256<float> Second) LoadPanel(float* from) => (Load(from), Load(from + Count));
}
