using System.Runtime.InteropServices;

namespace Rlhf.LanguageModels;

/// <summary>Returns freed native memory to the system: glibc keeps it otherwise, and a training process grows by gigabytes.</summary>
public static partial class FreedMemory
{
    private static bool s_isAvailable = OperatingSystem.IsLinux();

    /// <summary>Returns what it can; does nothing on systems whose allocator does so by itself.</summary>
    public static void Return()
    {
        if (!s_isAvailable)
        {
            return;
        }

        try
        {
            _ = malloc_trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            s_isAvailable = false; // another C library than glibc
        }
        catch (DllNotFoundException)
        {
            s_isAvailable = false;
        }
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int malloc_trim(nuint pad);
}
