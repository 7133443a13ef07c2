using System.Runtime.InteropServices;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>Memory outside the managed heap that begins at a cache line. Freed by the finalizer too.</summary>
internal sealed unsafe class AlignedBuffer<T> : IDisposable
    where T : unmanaged
{
    private const int CacheLine = 64;
    private const int LargeBytes = 2 * MemoryAdvice.HugePage;

    /// <param name="length">Items.</param>
    /// <param name="isCleared">Whether it is zeroed; otherwise every item must be written before it is read.</param>
    public AlignedBuffer(long length, bool isCleared = true)
    {
        Length = length;
        var bytes = checked((nuint)Math.Max(length, 1) * (nuint)sizeof(T));
        var isLarge = bytes >= LargeBytes;
        Pointer = (T*)NativeMemory.AlignedAlloc(bytes, (nuint)(isLarge ? MemoryAdvice.HugePage : CacheLine));
        if (isLarge)
        {
            MemoryAdvice.UseHugePages(Pointer, (long)bytes);
        }

        if (isCleared)
        {
            NativeMemory.Clear(Pointer, bytes);
        }

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
