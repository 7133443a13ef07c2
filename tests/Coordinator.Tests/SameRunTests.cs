using Rlhf.Testing;

namespace Rlhf.Coordinator.Tests;

/// <summary>A run does not depend on where its ledger is kept.</summary>
[Collection(nameof(CoordinatorHarness))]
public sealed class SameRunTests(BrokerFixture broker, PostgreSqlFixture postgres)
{
    // By language and by code point these come in different orders.
    private static readonly string[] _ids =
        ["apple", "Zebra", "_x", "-x", "a-1", "a0", "A0", "B", "b", "école", "Ecole", "zoo", "日本", "9", "10", "a b", "ab", "a.b", "Ab", "aB"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_run_gives_the_same_export_with_SQLite_and_with_PostgreSQL()
    {
        var sqlite = await ExportAsync(database: null);
        var postgreSql = await ExportAsync(await postgres.NewDatabaseAsync());

        Assert.True(sqlite.Length > 300, $"the export has {sqlite.Length} lines");
        Assert.Equal(sqlite, postgreSql);
    }

    [Fact]
    public async Task A_run_that_learns_from_a_file_gives_the_same_export_too()
    {
        var sqlite = await ExportAsync(database: null, fromFile: true);
        var postgreSql = await ExportAsync(await postgres.NewDatabaseAsync(), fromFile: true);

        Assert.True(sqlite.Length > 200, $"the export has {sqlite.Length} lines");
        Assert.Equal(sqlite, postgreSql);
    }

    private async Task<string[]> ExportAsync(string? database, bool fromFile = false)
    {
        await using var harness = await CoordinatorHarness.StartAsync(broker, Cancellation);
        harness.Settings["Run:Definition"] = "rlaif";
        if (fromFile)
        {
            harness.Settings["Run:Definition"] = Path.Combine(harness.Folder, "run.yaml");
            await File.WriteAllTextAsync(Path.Combine(harness.Folder, "run.yaml"), ImportedRunTests.Definition("by: file\n    file: pairs.jsonl"), Cancellation);
            await File.WriteAllLinesAsync(Path.Combine(harness.Folder, "pairs.jsonl"), ImportedRunTests.Pairs, Cancellation);
        }

        harness.Settings["Run:Seed"] = "7";
        harness.Settings["Run:PromptsPath"] = Path.Combine(harness.Folder, "prompts.jsonl");
        await File.WriteAllLinesAsync(
            Path.Combine(harness.Folder, "prompts.jsonl"),
            _ids.Select((id, i) => $$"""{"id": "{{id}}", "prompt": "question {{i}}", "kind": "{{(i % 2 == 0 ? "harmful" : "harmless")}}"}"""),
            Cancellation);
        harness.Settings["ConnectionStrings:ledger"] = database;
        // With items that are refused.
        var (app, _) = await harness.StartCoordinatorAsync(services => services.TooLong.Add("Zebra"), Cancellation);
        var run = await CoordinatorHarness.WaitForEndAsync(app, Cancellation);
        Assert.Null(run.Error);
        Assert.Equal(database is null, File.Exists(Path.Combine(harness.Folder, "ledger.db")));

        using var client = ExchangeTests.Client(app);
        return [.. (await ExchangeTests.ExportAsync(client, run.RunId, "native")).Select(line => ComparableExport.Line(line, run.RunId))];
    }
}
