using System.Runtime.InteropServices;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>Zeroed memory outside the managed heap that begins at a cache line. Freed by the finalizer too.</summary>
internal sealed unsafe class AlignedBuffer<T> : IDisposable
    where T : unmanaged
{
    private const int CacheLine = 64;

    public AlignedBuffer(long length)
    {
        Length = length;
        var bytes = checked((nuint)Math.Max(length, 1) * (nuint)sizeof(T));
        Pointer = (T*)NativeMemory.AlignedAlloc(bytes, CacheLine);
        NativeMemory.Clear(Pointer, bytes);
        GC.AddMemoryPressure((long)bytes);
    }

    ~AlignedBuffer() => Free();

    public long Length { get; }

    public T* Pointer { get; private set; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (Pointer is not null)
        {
            NativeMemory.AlignedFree(Pointer);
            Pointer = null;
            GC.RemoveMemoryPressure(Math.Max(Length, 1) * sizeof(T));
        }
    }
}
