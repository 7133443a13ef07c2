using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>A file's bytes, read through the system's cache without a copy. Any thread may read.</summary>
/// <remarks>The file must not be cut while it is open: the system ends a process that reads what is gone.</remarks>
internal sealed unsafe partial class MappedFile : IDisposable
{
    private const int NotNeeded = 4; // MADV_DONTNEED

    private static bool s_canRelease = OperatingSystem.IsLinux();

    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    /// <param name="path">A file that is not empty.</param>
    /// <exception cref="IOException">The file can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public MappedFile(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            Length = file.Length;
            _map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        _view = _map.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += _view.PointerOffset;
    }

    public long Length { get; }

    /// <summary>Some of the bytes; not to be used after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Bytes(long start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - count);
        return new(_start + start, count);
    }

    /// <summary>Takes bytes that were read out of this process's memory; the system's cache keeps them, and they can be read again.</summary>
    public void Release(long start, long count)
    {
        // Whole pages only: a neighbour may be reading the others.
        var page = (nint)Environment.SystemPageSize;
        var first = ((nint)(_start + start) + page - 1) / page * page;
        var end = (nint)(_start + start + count) / page * page;
        if (!s_canRelease || end <= first)
        {
            return;
        }

        try
        {
            _ = madvise(first, (nuint)(end - first), NotNeeded);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            s_canRelease = false; // another C library than glibc
        }
    }

    public void Dispose()
    {
        if (!_view.SafeMemoryMappedViewHandle.IsClosed)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _map.Dispose();
        }
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int madvise(nint address, nuint length, int advice);
}
