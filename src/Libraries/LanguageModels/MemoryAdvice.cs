using System.Runtime.InteropServices;

namespace Rlhf.LanguageModels;

/// <summary>Hints to Linux about this process's pages; elsewhere they do nothing.</summary>
internal static unsafe partial class MemoryAdvice
{
    /// <summary>Bytes of a huge page.</summary>
    public const int HugePage = 2 << 20;

    private const int NotNeeded = 4; // MADV_DONTNEED
    private const int Huge = 14; // MADV_HUGEPAGE

    private static bool s_isAvailable = OperatingSystem.IsLinux();

    /// <summary>Takes pages of a mapped file out of this process's memory; the system's cache keeps them.</summary>
    public static void Release(byte* start, long count) => Advise(start, count, Environment.SystemPageSize, NotNeeded);

    /// <summary>Asks for huge pages where memory is touched for the first time: 512 times fewer faults.</summary>
    public static void UseHugePages(void* start, long count) => Advise((byte*)start, count, HugePage, Huge);

    // Whole pages only: the others belong to neighbours too.
    private static void Advise(byte* start, long count, nint page, int advice)
    {
        var first = ((nint)start + page - 1) / page * page;
        var end = (nint)(start + count) / page * page;
        if (!s_isAvailable || end <= first)
        {
            return;
        }

        try
        {
            _ = madvise(first, (nuint)(end - first), advice);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            s_isAvailable = false; // another C library than glibc
        }
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int madvise(nint address, nuint length, int advice);
}
