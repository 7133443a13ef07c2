using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Rlhf.Coordinator.Ledger;

namespace Rlhf.EndToEnd.Tests;

public sealed class WholeRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("end-to-end-test").FullName;
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_finishes_with_every_item_done_once_although_a_generator_and_the_Coordinator_are_killed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Finds processes in /proc.");
        var report = Path.Combine(_folder, "report.json");
        using var host = RunningProgram.StartAppHost(
            "--run", Path.Combine(AppContext.BaseDirectory, "small-run.yaml"), "--exit-when-done",
            "--report", report, "--seed", "5", "--data", Path.Combine(_folder, "data"));
        await host.SaysAsync("critique-revision", TimeSpan.FromMinutes(2), _cancellation);
        var everything = host.Descendants();
        var generators = everything.Where(p => p.Command.Contains("Rlhf.Generator.dll", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, generators.Count);
        host.KillChild("Rlhf.Generator.dll");
        await host.SaysAsync("reward-model", TimeSpan.FromMinutes(3), _cancellation);
        host.KillChild("Rlhf.Coordinator.dll");

        Assert.True(await host.EndsAsync(TimeSpan.FromMinutes(6), _cancellation) == 0, host.Output);

        Assert.Contains("coordinator has ended with signal 9; starting it again", host.Output, StringComparison.Ordinal);
        await using var ledger = new SqliteLedger(Path.Combine(_folder, "data", "coordinator", "ledger.db"), NullLoggerFactory.Instance).CreateDbContext();
        Assert.Single(await ledger.Runs.ToListAsync(_cancellation));
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(report, _cancellation));
        var root = json.RootElement;
        Assert.Equal(5, root.GetProperty("seed").GetInt64());
        var stages = root.GetProperty("stages").EnumerateArray().ToList();
        Assert.Equal(
            ["critique-revision", "fine-tuning", "responses", "preferences", "ratings", "reward-model", "ppo", "evaluation"],
            stages.Select(s => s.GetProperty("name").GetString()));
        Assert.All(stages, s => Assert.Equal(s.GetProperty("wanted").GetInt64(), s.GetProperty("done").GetInt64()));
        Assert.InRange(root.GetProperty("rewardModel").GetProperty("pairwiseAccuracy").GetDouble(), 0, 1);
        Assert.InRange(root.GetProperty("trainableParameterShare").GetDouble(), 0.003, 0.03);
        Assert.True(root.GetProperty("ppo").GetProperty("klFinal").GetDouble() < 50);
        foreach (var model in new[] { "base", "fineTuned", "ppo" })
        {
            Assert.Equal(16, root.GetProperty("evaluation").GetProperty(model).GetProperty("prompts").GetInt32());
        }

        Assert.All(everything, p => Assert.False(RunningProgram.IsRunning(p), p.Command));
    }

    [Fact]
    public async Task A_killed_AppHost_leaves_no_process_behind()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Finds processes in /proc.");
        using var host = RunningProgram.StartAppHost("--run", "none", "--data", Path.Combine(_folder, "data"));
        await host.SaysAsync("Web page", TimeSpan.FromMinutes(2), _cancellation);
        var children = host.Descendants();
        Assert.True(children.Count >= 8, string.Join('\n', children));
        host.Kill();
        var since = Stopwatch.GetTimestamp();
        while (children.Any(RunningProgram.IsRunning))
        {
            Assert.True(
                Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(10),
                "Still there after 10 s:\n" + string.Join('\n', children.Where(RunningProgram.IsRunning)));
            await Task.Delay(100, _cancellation);
        }
    }

    [Fact]
    public async Task A_folder_that_is_no_model_ends_it_with_one_sentence()
    {
        using var host = RunningProgram.StartAppHost("--model", _folder, "--data", Path.Combine(_folder, "data"), "--exit-when-done");
        Assert.NotEqual(0, await host.EndsAsync(TimeSpan.FromMinutes(2), _cancellation));
        // Of the services that load it, the first to find out says so.
        Assert.Matches($@"(?m)^error: (learner|generator-\d|reward) did not start: {Regex.Escape(_folder)} has no tokenizer\.json", host.Output);
        Assert.DoesNotContain("   at ", host.Output, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
