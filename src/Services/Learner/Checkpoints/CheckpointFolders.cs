using Rlhf.Learner.Versions;

namespace Rlhf.Learner.Checkpoints;

/// <summary>The folders of all jobs. Those of jobs that succeeded are kept for replays, within a bound.</summary>
internal sealed partial class CheckpointFolders(DataFolder data, CheckpointOptions options, ILogger<CheckpointFolders> logger)
{
    private const long BytesPerMegabyte = 1_000_000;

    /// <summary>A job's.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="fingerprint">Of its options and data; null takes any, to read only.</param>
    public JobCheckpoints Of(string jobId, string? fingerprint) => new(FolderOf(jobId), options, fingerprint, logger);

    /// <summary>Deletes what a job no longer needs after it succeeded, and the oldest jobs beyond the bound.</summary>
    public void Succeed(string jobId)
    {
        try
        {
            Of(jobId, null).Succeed();
            Prune();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotDeleted(jobId, exception.Message); // room is all that is lost
        }
    }

    private string FolderOf(string jobId) => Path.Combine(data.Checkpoints, Path.GetFileNameWithoutExtension(VersionCatalog.FileName(jobId)));

    private void Prune()
    {
        if (!Directory.Exists(data.Checkpoints))
        {
            return;
        }

        var bytes = 0L;
        var succeeded = new DirectoryInfo(data.Checkpoints).EnumerateDirectories()
            .Where(folder => File.Exists(Path.Combine(data.Jobs, folder.Name + ".json"))).OrderByDescending(folder => folder.LastWriteTimeUtc);
        foreach (var folder in succeeded.ToArray())
        {
            bytes += folder.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
            if (bytes > options.SucceededMegabytes * BytesPerMegabyte)
            {
                folder.Delete(recursive: true);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What job {JobId} no longer needs can't be deleted: {Reason}")]
    private partial void LogNotDeleted(string jobId, string reason);
}
