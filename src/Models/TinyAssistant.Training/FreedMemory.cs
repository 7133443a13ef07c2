using System.Runtime.InteropServices;

namespace Rlhf.TinyAssistant.Training;

/// <summary>glibc keeps freed blocks, and resident memory grows although every tensor is disposed.</summary>
internal static partial class FreedMemory
{
    /// <summary>Gives freed blocks back to the system, where the C library is glibc.</summary>
    public static void Return()
    {
        if (OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var library))
        {
            if (NativeLibrary.TryGetExport(library, "malloc_trim", out _))
            {
                _ = Trim(0);
            }

            NativeLibrary.Free(library);
        }
    }

    [DllImport("libc.so.6", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Trim(nuint keep);
}
