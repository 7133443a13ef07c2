using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Rlhf.Learner.Checkpoints;

/// <summary>Waits until files and folders are on the disk and not in the system's memory alone.</summary>
internal static partial class DurableStorage
{
    private const int ReadOnly = 0;

    /// <summary>Waits for a file, and tells what is in it.</summary>
    /// <exception cref="IOException">The disk reports an error, or is full.</exception>
    public static CheckpointFile FlushFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(stream));
        stream.Flush(flushToDisk: true);
        return new CheckpointFile(sha256, stream.Length);
    }

    /// <summary>Waits for a folder's list of names. The framework can't open folders, and on Windows nothing can be waited for.</summary>
    /// <exception cref="IOException">The disk reports an error.</exception>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(path, ReadOnly);
        var error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        if (descriptor >= 0)
        {
            error = Synchronise(descriptor) == 0 ? 0 : Marshal.GetLastPInvokeError();
            _ = Close(descriptor);
        }

        if (error != 0)
        {
            throw new IOException($"{path} can't be written through to the disk: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronise(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
