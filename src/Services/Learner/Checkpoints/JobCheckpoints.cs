using Rlhf.Learner.Rollouts;

namespace Rlhf.Learner.Checkpoints;

/// <summary>One job's folder of all that it needs to go on after a kill, and to have its steps replayed.</summary>
/// <param name="folder">Of this job alone; made when something is written.</param>
/// <param name="options">How often and how long.</param>
/// <param name="fingerprint">Of the job's options and data; null takes any, to read only.</param>
/// <param name="logger">Hears of damage, and of failures to write.</param>
internal sealed partial class JobCheckpoints(string folder, CheckpointOptions options, string? fingerprint, ILogger logger)
{
    private const string FitsName = "fits";
    private const string InboxName = "inbox";
    private const long BytesPerMegabyte = 1_000_000;

    private readonly CheckpointPolicy _steps = new(options.KeepNewest, options.KeepEverySteps, options.JobMegabytes * BytesPerMegabyte);

    /// <summary>Absolute path.</summary>
    public string Folder => folder;

    /// <summary>The state of a PPO job after each step.</summary>
    public CheckpointStore Steps => new(Path.Combine(folder, "steps"), _steps, fingerprint, logger);

    /// <summary>The rollouts that each step of a PPO job was trained on.</summary>
    public CheckpointStore Rollouts => new(Path.Combine(folder, "rollouts"), _steps, fingerprint, logger);

    /// <summary>One fit of the job.</summary>
    /// <param name="name">Its own among the job's fits, and the same whenever the job runs; letters, digits and hyphens.</param>
    public FitCheckpoints Fit(string name) => new(
        new CheckpointStore(Path.Combine(folder, FitsName, name), new CheckpointPolicy(options.KeepNewest, 0, long.MaxValue), fingerprint, logger),
        options);

    /// <summary>Where the rollouts of a step are written down as they arrive.</summary>
    public RolloutLog Inbox(long step) => new(Path.Combine(folder, InboxName), step, logger);

    /// <summary>Writes down what the job is, for replays. A failure is logged, and the job goes on.</summary>
    public void Describe(JobRecord record)
    {
        try
        {
            record.Save(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotDescribed(record.JobId, folder, exception.Message);
        }
    }

    /// <summary>Deletes what only a job under way needs; the steps stay for a replay.</summary>
    /// <exception cref="IOException">A folder can't be deleted.</exception>
    public void Succeed()
    {
        foreach (var path in new[] { Path.Combine(folder, FitsName), Path.Combine(folder, InboxName) }.Where(Directory.Exists))
        {
            Directory.Delete(path, recursive: true);
        }

        if (Directory.Exists(folder) && Steps.Numbers.Count == 0)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId} can't be described in {Folder} ({Reason}); its steps can't be replayed")]
    private partial void LogNotDescribed(string jobId, string folder, string reason);
}
