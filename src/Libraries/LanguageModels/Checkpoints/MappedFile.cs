using System.IO.MemoryMappedFiles;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>A file's bytes, read through the system's cache without a copy. Any thread may read.</summary>
/// <remarks>The file must not be cut while it is open: the system ends a process that reads what is gone.</remarks>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly FileStream _file;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    /// <param name="path">A file that is not empty.</param>
    /// <exception cref="IOException">The file can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public MappedFile(string path)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            Length = _file.Length;
            _map = MemoryMappedFile.CreateFromFile(_file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        }
        catch
        {
            _file.Dispose();
            throw;
        }

        _view = _map.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += _view.PointerOffset;
    }

    public long Length { get; }

    /// <summary>Whether the file is still as long as when it was opened.</summary>
    public bool IsWhole => RandomAccess.GetLength(_file.SafeFileHandle) >= Length;

    /// <summary>Some of the bytes; not to be used after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Bytes(long start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - count);
        return new(_start + start, count);
    }

    /// <summary>Where the bytes lie, until <see cref="Dispose"/>.</summary>
    public byte* Address(long start, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - count);
        return _start + start;
    }

    /// <summary>Takes bytes that were read out of this process's memory; the system's cache keeps them, and they can be read again.</summary>
    public void Release(long start, long count) => MemoryAdvice.Release(_start + start, count);

    public void Dispose()
    {
        if (!_view.SafeMemoryMappedViewHandle.IsClosed)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _map.Dispose();
            _file.Dispose();
        }
    }
}
