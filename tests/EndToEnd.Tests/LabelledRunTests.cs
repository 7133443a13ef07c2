using System.Text.Json;
using Rlhf.BackingServers;

namespace Rlhf.EndToEnd.Tests;

/// <summary>Reinforcement learning from labels that come through FeedbackService, with real models.</summary>
public sealed class LabelledRunTests(LabelledRunTests.KilledRun killed) : IClassFixture<LabelledRunTests.KilledRun>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_goes_on_when_its_labels_are_there_although_the_Coordinator_is_killed_amid_them()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Finds processes in /proc.");
        var run = await killed.RunAsync();

        Assert.Contains("coordinator has ended with signal 9; starting it again", run.Output, StringComparison.Ordinal);
        Assert.Equal(
            ["responses", "preferences", "ratings", "reward-model", "ppo", "evaluation"],
            run.Report.GetProperty("stages").EnumerateArray().Select(stage => Text(stage, "name")));
        Assert.All(run.Report.GetProperty("stages").EnumerateArray(), stage => Assert.Equal(stage.GetProperty("wanted").GetInt64(), stage.GetProperty("done").GetInt64()));

        // Every label counts once: for those who gave it, in the ledger, and in what is trained on.
        var counted = run.Rows("label").Where(label => label.GetProperty("isCounted").GetBoolean()).ToList();
        var byLabeller = counted.CountBy(label => Text(label, "labellerId")).ToDictionary();
        Assert.Equal(48, counted.Count);
        Assert.Equal(["rule-1", "rule-2"], byLabeller.Keys.Order());
        Assert.All(byLabeller, item => Assert.Contains($"{item.Key}: {item.Value} labels that count", run.LabellerOutput, StringComparison.Ordinal));
        Assert.Equal(
            counted.Select(label => $"{Text(label, "pairId")}/{Text(label, "labellerId")}").Order(StringComparer.Ordinal),
            run.Rows("comparison").Where(row => Text(row, "stage") == "preferences").Select(row => Text(row, "messageId")));
    }

    [Fact]
    public async Task The_report_tells_who_labelled_and_how_far_they_agree()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Finds processes in /proc.");
        var run = await killed.RunAsync();
        var people = run.Report.GetProperty("people");

        Assert.Equal((48, 1.0), (people.GetProperty("labels").GetInt32(), people.GetProperty("programShare").GetDouble()));
        Assert.All(people.GetProperty("labellers").EnumerateArray(), labeller => Assert.True(labeller.GetProperty("isProgram").GetBoolean()));
        var shared = run.Rows("label").Where(label => label.GetProperty("isCounted").GetBoolean())
            .GroupBy(label => Text(label, "pairId"), Choice)
            .Where(choices => choices.Count() == 2).ToList();
        Assert.NotEmpty(shared);
        var agreement = people.GetProperty("agreement");
        Assert.Equal(shared.Count, agreement.GetProperty("items").GetInt32());
        Assert.Equal(shared.Count(choices => choices.Distinct().Count() == 1) / (double)shared.Count, agreement.GetProperty("observed").GetDouble(), 1e-9);
        Assert.InRange(agreement.GetProperty("value").GetDouble(), agreement.GetProperty("low").GetDouble(), agreement.GetProperty("high").GetDouble());

        static int Choice(JsonElement label) => Math.Sign(label.GetProperty("preferenceA").GetDouble() - 0.5);
    }

    [Fact]
    public async Task The_same_run_undisturbed_with_PostgreSQL_gives_the_same_export()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Finds processes in /proc.");
        await using var server = await PostgreSqlServer.StartAsync(new BackingServerOptions(), Cancellation);
        var folder = Directory.CreateTempSubdirectory("labelled-run-test").FullName;
        var undisturbed = await LabelledRun.DoAsync(folder, server.ConnectionStringOf("ledger"), killedAt: null, Cancellation);
        Assert.False(File.Exists(Path.Combine(folder, "data", "coordinator", "ledger.db")));
        Directory.Delete(folder, recursive: true);

        Assert.Equal((await killed.RunAsync()).Export, undisturbed.Export);
    }

    private static string Text(JsonElement row, string name) => row.GetProperty(name).ToString();

    /// <summary>One run with SQLite whose Coordinator is killed, for all of these tests.</summary>
    public sealed class KilledRun : IDisposable
    {
        private const int KilledAt = 16;

        private readonly string _folder = Directory.CreateTempSubdirectory("labelled-run-test").FullName;
        private Task<LabelledRun>? _run;

        internal Task<LabelledRun> RunAsync() => _run ??= LabelledRun.DoAsync(_folder, ledger: null, KilledAt, Cancellation);

        public void Dispose() => Directory.Delete(_folder, recursive: true);
    }
}
