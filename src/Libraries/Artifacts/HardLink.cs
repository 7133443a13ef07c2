using System.Runtime.InteropServices;

namespace Rlhf.Artifacts;

/// <summary>
/// A second name for a file. A hard link and not a symbolic one: a link's own length is what FileInfo.Length reports for the
/// latter, and readers of checkpoints look at lengths.
/// </summary>
internal static partial class HardLink
{
    /// <summary>Links where the file system can, and copies where it can't.</summary>
    public static void CreateOrCopy(string existing, string created)
    {
        if (OperatingSystem.IsWindows() || Link(existing, created) != 0)
        {
            File.Copy(existing, created);
        }
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string created);
}
