namespace Rlhf.BackingServers.Processes;

/// <summary>A file that one process at a time can hold; the system lets go of it when that process ends, however it ends.</summary>
public sealed class FileLock : IAsyncDisposable
{
    private static readonly TimeSpan _pollInterval = TimeSpan.FromMilliseconds(200);

    private readonly FileStream _stream;

    private FileLock(FileStream stream) => _stream = stream;

    /// <summary>Takes the lock, or returns null when another process holds it.</summary>
    public static FileLock? TryTake(string path)
    {
        try
        {
            return new FileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or PathTooLongException or FileNotFoundException))
        {
            return null;
        }
    }

    /// <summary>Takes the lock, as soon as it can be had.</summary>
    internal static async Task<FileLock> WaitAsync(string path, string waiting, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            if (TryTake(path) is { } taken)
            {
                return taken;
            }

            if (isFirst)
            {
                progress?.Report(waiting);
            }

            await Task.Delay(_pollInterval, cancellationToken);
        }
    }

    /// <summary>Lets go of the lock.</summary>
    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
