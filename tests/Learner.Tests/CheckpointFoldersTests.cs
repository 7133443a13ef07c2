using Microsoft.Extensions.Logging.Abstractions;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Versions;
using Rlhf.ServiceDefaults;

namespace Rlhf.Learner.Tests;

public sealed class CheckpointFoldersTests : IDisposable
{
    private const int Megabyte = 1_000_000;
    private readonly DataFolder _data = new(new DataOptions { Path = Directory.CreateTempSubdirectory("checkpoint-folders-tests-").FullName });

    public void Dispose() => Directory.Delete(_data.Root, recursive: true);

    [Fact]
    public void A_job_that_succeeded_keeps_its_steps_alone()
    {
        var folders = Folders(new CheckpointOptions());
        Fill(folders, "ppo", hasSteps: true);
        Fill(folders, "sft", hasSteps: false);
        Succeed(folders, "ppo");
        Succeed(folders, "sft");
        var ppo = folders.Of("ppo", "f").Folder;
        Assert.Equal(["rollouts", "steps"], Directory.EnumerateDirectories(ppo).Select(Path.GetFileName).Order());
        Assert.False(Directory.Exists(folders.Of("sft", "f").Folder));
    }

    [Theory]
    [InlineData(100, "first second third")]
    [InlineData(5, "second third")] // each takes a little more than two megabytes
    [InlineData(0, "")]
    public void The_oldest_jobs_that_succeeded_go_first(long megabytes, string kept)
    {
        var folders = Folders(new CheckpointOptions { SucceededMegabytes = megabytes });
        string[] jobs = ["first", "second", "third"];
        foreach (var (age, job) in jobs.Index())
        {
            Fill(folders, job, hasSteps: true);
            File.WriteAllText(JobFile(job), "{}");
            Directory.SetLastWriteTimeUtc(folders.Of(job, "f").Folder, DateTime.UtcNow.AddHours(age - 10));
        }

        Fill(folders, "under way", hasSteps: true);
        folders.Succeed("a job that keeps nothing");
        Assert.Equal(kept, string.Join(' ', jobs.Where(job => Directory.Exists(folders.Of(job, "f").Folder))));
        Assert.True(Directory.Exists(folders.Of("under way", "f").Folder));
    }

    private static void Fill(CheckpointFolders folders, string job, bool hasSteps)
    {
        var checkpoints = folders.Of(job, "f");
        Directory.CreateDirectory(Path.Combine(checkpoints.Folder, "inbox"));
        Directory.CreateDirectory(Path.Combine(checkpoints.Folder, "fits", "sft"));
        if (hasSteps)
        {
            checkpoints.Steps.Save(1, folder => File.WriteAllBytes(Path.Combine(folder, "a"), new byte[2 * Megabyte]));
            checkpoints.Rollouts.Save(1, folder => File.WriteAllBytes(Path.Combine(folder, "a"), []));
        }
    }

    private CheckpointFolders Folders(CheckpointOptions options) => new(_data, options, NullLogger<CheckpointFolders>.Instance);

    private void Succeed(CheckpointFolders folders, string job)
    {
        File.WriteAllText(JobFile(job), "{}");
        folders.Succeed(job);
    }

    private string JobFile(string job) => Path.Combine(_data.Jobs, VersionCatalog.FileName(job));
}
