using System.Diagnostics;

namespace Rlhf.Learner.Tests;

/// <summary>Jobs in a process of their own that is killed with SIGKILL, again and again, and must come out as if it had not been.</summary>
public sealed class KilledJobTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("killed-job-tests-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("ppo", 20)]
    [InlineData("sft", 5)]
    [InlineData("reward-model", 5)]
    public async Task A_job_killed_at_random_moments_gives_the_files_and_figures_of_an_undisturbed_one(string method, int kills)
    {
        var clock = new Stopwatch();
        var undisturbed = await TrainingProcess.RunAsync(Path.Combine(_root, "undisturbed"), method, _ => clock.Start());
        Assert.NotNull(undisturbed);
        Assert.StartsWith("Succeeded", undisturbed, StringComparison.Ordinal);
        var longest = clock.Elapsed;
        // Two at a time, one a core; each has its own data folder and its own moments.
        await Task.WhenAll(Enumerable.Range(0, 2).Select(chain => Task.Run(
            () => KillAsync(method, chain, (kills + chain) / 2, clock.Elapsed, undisturbed), TestContext.Current.CancellationToken)));
    }

    /// <summary>Kills jobs so many times; those that get to their end are compared, and the next one is begun.</summary>
    private async Task KillAsync(string method, int chain, int kills, TimeSpan longest, string undisturbed)
    {
        var random = new Random(20 + chain);
        var (killed, cutWrites, whole) = (0, 0, 0);
        while (killed < kills || whole == 0)
        {
            var folder = $"killed-{chain}-{whole}";
            var kill = killed >= kills ? _ => { }
            : killed % 3 == 2 ? WhenACheckpointIsWritten(folder, random.Next(4))
                : After(longest * random.NextDouble());
            var began = DateTime.UtcNow;
            if (await TrainingProcess.RunAsync(Path.Combine(_root, folder), method, kill) is { } outcome)
            {
                Assert.Equal(undisturbed, outcome);
                whole++;
            }
            else
            {
                killed++;
                cutWrites += Directory.EnumerateDirectories(Path.Combine(_root, folder), "partial", SearchOption.AllDirectories)
                    .Any(partial => Directory.GetLastWriteTimeUtc(partial) > began) ? 1 : 0;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{method}: {killed} kills, {cutWrites} of them in the middle of writing a checkpoint, {whole} jobs to their end");
    }

    private static Action<Process> After(TimeSpan delay) => process =>
    {
        if (!process.WaitForExit(delay))
        {
            process.Kill();
        }
    };

    /// <summary>Kills when the folder of a checkpoint under way appears, and a few files later.</summary>
    private Action<Process> WhenACheckpointIsWritten(string folder, int filesLater) => process =>
    {
        var data = Directory.CreateDirectory(Path.Combine(_root, folder)).FullName;
        using var watcher = new FileSystemWatcher(data) { IncludeSubdirectories = true };
        var files = 0;
        watcher.Created += (_, created) =>
        {
            if (created.FullPath.Contains("partial", StringComparison.Ordinal) && files++ == filesLater)
            {
                process.Kill();
            }
        };
        watcher.EnableRaisingEvents = true;
        process.WaitForExit();
    };
}
