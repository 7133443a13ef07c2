namespace Rlhf.Artifacts;

/// <summary>Tells a full disk from other input-output errors.</summary>
internal static class DiskFull
{
    // errno of Linux and macOS as .NET passes it on, and Windows' HRESULT_FROM_WIN32(ERROR_DISK_FULL).
    private const int NoSpaceLeft = 28;
    private const int QuotaExceededLinux = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    public static bool Is(IOException exception) =>
        exception.HResult is NoSpaceLeft or QuotaExceededLinux or WindowsDiskFull;

    public static ArtifactStoreException Describe(string root, IOException cause) =>
        new($"No space is left on the disk that holds '{root}'. Free some, or move the service's data folder (Data__Path) to another disk.", cause);
}
