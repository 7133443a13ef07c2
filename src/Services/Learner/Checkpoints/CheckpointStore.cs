using System.Globalization;
using static TorchSharp.torch;

namespace Rlhf.Learner.Checkpoints;

/// <summary>
/// Numbered checkpoints in a folder. Each is written beside its place, flushed to the disk with a manifest of checksums, and
/// then renamed: at any moment a kill or a full disk leaves the ones before it as they were.
/// </summary>
/// <param name="folder">Of this store alone; made with the first checkpoint.</param>
/// <param name="policy">What stays when a new one is there.</param>
/// <param name="fingerprint">Of the options and data they belong to; null takes any, to read only.</param>
/// <param name="logger">Hears of damaged ones, and of failures to write.</param>
internal sealed partial class CheckpointStore(string folder, CheckpointPolicy policy, string? fingerprint, ILogger logger)
{
    private readonly string _partial = Path.Combine(folder, "partial");

    /// <summary>The numbers of all checkpoints, whole or not, newest first.</summary>
    public IReadOnlyList<long> Numbers => Directory.Exists(folder)
        ? [.. Directory.EnumerateDirectories(folder).Select(NumberOf).OfType<long>().OrderDescending()]
        : [];

    /// <summary>Writes a checkpoint, then deletes those that the policy does not keep.</summary>
    /// <param name="number">Updates or steps done; one of this number is replaced.</param>
    /// <param name="write">Writes its files into a folder.</param>
    /// <exception cref="IOException">The disk is full or can't be written; the earlier checkpoints are as they were.</exception>
    public void Save(long number, Action<string> write)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            DurableStorage.FlushFolder(Path.GetDirectoryName(folder) ?? folder);
        }

        try
        {
            Delete(_partial); // of a process that was killed
            Directory.CreateDirectory(_partial);
            write(_partial);
            CheckpointManifest.Write(_partial, number, fingerprint ?? "", get_num_threads());
            Delete(FolderOf(number));
            Directory.Move(_partial, FolderOf(number));
            DurableStorage.FlushFolder(folder);
        }
        catch
        {
            Delete(_partial);
            throw;
        }

        foreach (var superfluous in policy.Superfluous(Numbers.ToDictionary(kept => kept, kept => SizeOf(FolderOf(kept)))))
        {
            Delete(FolderOf(superfluous));
        }
    }

    /// <summary>Writes a checkpoint where that can be done; where not, says so in the log: training does not depend on it.</summary>
    /// <returns>Whether it was written.</returns>
    public bool TrySave(long number, Action<string> write)
    {
        try
        {
            Save(number, write);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(number, folder, exception.Message);
            return false;
        }
    }

    /// <summary>The newest checkpoint that is whole and fits. Newer ones, which are neither, are deleted: no one can go on from them.</summary>
    public Checkpoint? Newest()
    {
        foreach (var number in Numbers)
        {
            if (Find(number) is { } found)
            {
                LogGoesOn(number, folder);
                return found;
            }

            Delete(FolderOf(number));
        }

        return null;
    }

    /// <summary>A checkpoint by its number; null when it is not there, not whole, or another job's.</summary>
    public Checkpoint? Find(long number)
    {
        var path = FolderOf(number);
        if (!Directory.Exists(path))
        {
            return null;
        }

        try
        {
            var manifest = CheckpointManifest.ReadVerified(path);
            if (manifest.Number == number && (fingerprint is null || manifest.Fingerprint == fingerprint))
            {
                return new Checkpoint(number, path, manifest);
            }

            LogForeign(path);
        }
        catch (InvalidDataException exception)
        {
            LogDamaged(path, exception.Message);
        }

        return null;
    }

    /// <summary>Deletes all of them.</summary>
    /// <exception cref="IOException">The folder can't be deleted.</exception>
    public void Delete() => Delete(folder);

    private string FolderOf(long number) => Path.Combine(folder, number.ToString(CultureInfo.InvariantCulture));

    private static long? NumberOf(string path) =>
        long.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static long SizeOf(string path) => new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    private static void Delete(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Checkpoint {Number} can't be written to {Folder} ({Reason}); training goes on, and after a kill begins at the one before")]
    private partial void LogNotWritten(long number, string folder, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The checkpoint {Folder} is not whole ({Reason}); the one before it is taken")]
    private partial void LogDamaged(string folder, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The checkpoint {Folder} belongs to a job with other options or data and is not gone on from")]
    private partial void LogForeign(string folder);

    [LoggerMessage(Level = LogLevel.Information, Message = "Training goes on from checkpoint {Number} in {Folder}")]
    private partial void LogGoesOn(long number, string folder);
}
