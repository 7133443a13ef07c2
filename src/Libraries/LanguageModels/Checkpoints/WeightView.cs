using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>A weight where it lies, in a mapped file or in a tensor: read in pieces, as float32, by any thread.</summary>
/// <param name="pointer">Its first number; whoever gave the view keeps it.</param>
/// <param name="type">Float32, bfloat16 or float16.</param>
/// <param name="shape">Its shape.</param>
/// <param name="file">The file that is mapped; null for a tensor.</param>
internal readonly unsafe struct WeightView(byte* pointer, ScalarType type, IReadOnlyList<long> shape, MappedFile? file)
{
    /// <summary>The shape.</summary>
    public IReadOnlyList<long> Shape => shape;

    /// <summary>Numbers in it.</summary>
    public long Count => shape.Aggregate(1L, (product, length) => product * length);

    /// <summary>Reads numbers that lie one after another.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="to">As many as there is room for.</param>
    public void Read(long first, Span<float> to)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Count - to.Length);
        switch (type)
        {
            case ScalarType.Float32:
                new ReadOnlySpan<float>(pointer + (first * sizeof(float)), to.Length).CopyTo(to);
                break;
            case ScalarType.BFloat16:
                Widen(new ReadOnlySpan<ushort>(pointer + (first * sizeof(ushort)), to.Length), to);
                break;
            case ScalarType.Float16:
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(pointer + (first * sizeof(ushort)), to.Length), to);
                break;
            default:
                throw new InvalidOperationException($"Weights can't be read as {type}.");
        }
    }

    /// <summary>Says that numbers have been read: a mapped file's leave this process's memory.</summary>
    public void Release(long first, long count)
    {
        if (file is not null)
        {
            var size = type == ScalarType.Float32 ? sizeof(float) : sizeof(ushort);
            MemoryAdvice.Release(pointer + (first * size), count * size);
        }
    }

    /// <summary>All of it.</summary>
    public float[] ToArray()
    {
        var numbers = new float[Count];
        Read(0, numbers);
        return numbers;
    }

    // bfloat16 numbers are the upper halves of float32 numbers.
    private static void Widen(ReadOnlySpan<ushort> from, Span<float> to)
    {
        var place = 0;
        for (; place + Vector256<ushort>.Count <= from.Length; place += Vector256<ushort>.Count)
        {
            var (lower, upper) = Vector256.Widen(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(from), (nuint)place));
            Vector256.ShiftLeft(lower, 16).AsSingle().StoreUnsafe(ref MemoryMarshal.GetReference(to), (nuint)place);
            Vector256.ShiftLeft(upper, 16).AsSingle().StoreUnsafe(ref MemoryMarshal.GetReference(to), (nuint)(place + Vector256<uint>.Count));
        }

        for (; place < from.Length; place++)
        {
            to[place] = BitConverter.UInt32BitsToSingle((uint)from[place] << 16);
        }
    }
}
