using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Tests;

/// <summary>Ledger files of every release open with their data.</summary>
public sealed class SqliteMigrationTests : IDisposable
{
    // Every table of the first release, with what it could hold.
    private const string FirstReleaseRows = """
        INSERT INTO runs VALUES ('r', 'rlaif', 7, 'stages: []', 'Succeeded', NULL, 1700000000000, 12.5, '{}');
        INSERT INTO stages VALUES ('r', 'ppo', 6, 'Failed', 3, 4, 1, '{"x":1}', 2.5, 'steps', 'kl 1', 'r/ppo/v1', '{"kl":1.5}', 1);
        INSERT INTO prompts VALUES ('r', 'p', 0, 'Harmful', 1, '[{"role":"user","content":"q"}]');
        INSERT INTO receipts VALUES ('rollouts.generated m', 'm', 'r', 's', 1, 'TooLong: x');
        INSERT INTO responses VALUES ('m#0', 'r', 's', 5, 'p', 'base', 'answer', 3, NULL, 9007199254740993);
        INSERT INTO responses VALUES ('m#1', 'r', 's', 5, 'p', 'base', 'other', 3, 1, 1);
        INSERT INTO revision_rounds VALUES ('m', 0, 'r', 's', 'p', 'kind', 'critique', 'revision', 0.1, 'hash');
        INSERT INTO comparisons VALUES ('c', 'r', 's', 'p', 'm#0', 'm#1', 0.1, 0.2, 0.3, 1, 'kind', 'base', 't0', 42);
        INSERT INTO ratings VALUES ('r', 'm#0', 'p', 1016.5, 999.25, 2);
        INSERT INTO scores VALUES ('m#0', 'rm', 'r', 0.1, 0.2, 1100);
        INSERT INTO versions VALUES ('r/ppo/v1', 'r', 'Policy', 'base', 'ppo', 4, 7, '{}', '0.1.0', 1700000000001);
        INSERT INTO step_metrics VALUES ('r', 'ppo', 1, 'kl', 0.3333333333333333);
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rlhf-migration-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string FilePath => Path.Combine(_folder.FullName, "ledger.db");

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_file_of_the_first_release_keeps_its_data_and_becomes_todays()
    {
        Execute(FirstReleaseSchema() + FirstReleaseRows + "PRAGMA user_version = 1;");

        for (var start = 0; start < 2; start++)
        {
            var opened = Open();
            await using var ledger = opened.CreateDbContext();
            var run = Assert.Single(await ledger.Runs.ToListAsync(Cancellation));
            Assert.Equal(("r", 7, RunStatus.Succeeded, 12.5, 1700000000000), (run.RunId, run.Seed, run.Status, run.Seconds, run.CreatedUnixMs));
            var stage = Assert.Single(await ledger.Stages.ToListAsync(Cancellation));
            Assert.Equal((StageStatus.Failed, 1L, "r/ppo/v1", 1), (stage.Status, stage.Refused, stage.PublishedVersion, stage.FailedAttempts));
            Assert.Equal(PromptKind.Harmful, Assert.Single(await ledger.Prompts.ToListAsync(Cancellation)).Kind);
            Assert.Equal("TooLong: x", Assert.Single(await ledger.Receipts.ToListAsync(Cancellation)).Error);
            var responses = await ledger.Responses.OrderBy(row => row.ResponseId).ToListAsync(Cancellation);
            Assert.Equal([("answer", null, 9007199254740993), ("other", true, 1)], responses.Select(row => (row.Text, row.IsFinished, row.Seed)));
            Assert.Equal("critique", Assert.Single(await ledger.RevisionRounds.ToListAsync(Cancellation)).Critique);
            var comparison = Assert.Single(await ledger.Comparisons.ToListAsync(Cancellation));
            Assert.Equal((0.1, 0.2, 0.3, true, "kind", "base", 42L), (comparison.PreferenceA, comparison.ProbabilityAFirst, comparison.ProbabilityASecond,
                comparison.SamePosition, comparison.PrincipleId, comparison.JudgeVersion, comparison.Seed));
            Assert.Equal(1016.5, Assert.Single(await ledger.Ratings.ToListAsync(Cancellation)).Elo);
            Assert.Equal(1100, Assert.Single(await ledger.Scores.ToListAsync(Cancellation)).Rating);
            Assert.Equal("0.1.0", Assert.Single(await ledger.Versions.ToListAsync(Cancellation)).SoftwareVersion);
            Assert.Equal(0.3333333333333333, Assert.Single(await ledger.StepMetrics.ToListAsync(Cancellation)).Value);
            Assert.Equal(ledger.Database.GetMigrations(), await ledger.Database.GetAppliedMigrationsAsync(Cancellation));
        }
    }

    [Fact]
    public void A_migrated_file_has_the_tables_of_a_new_one()
    {
        Execute(FirstReleaseSchema() + "PRAGMA user_version = 1;");
        Open();
        var migrated = Tables(FilePath);
        var fresh = Path.Combine(_folder.FullName, "new.db");
        new SqliteLedger(fresh, NullLoggerFactory.Instance).Open();

        Assert.Contains("labels", migrated.Keys);
        Assert.Equal(Tables(fresh), migrated);
    }

    [Fact]
    public void A_migrated_file_is_refused_by_the_first_release()
    {
        Execute(FirstReleaseSchema() + "PRAGMA user_version = 1;");
        Open();

        // That release reads files of version 1 only.
        Assert.NotEqual(1L, Scalar("PRAGMA user_version"));
    }

    [Theory]
    [InlineData("PRAGMA user_version = 99", "schema 99")]
    [InlineData("INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_Later', '99.0')", "schema 29990101000000_Later")]
    public void A_file_of_a_newer_program_is_refused_in_one_sentence(string sql, string said)
    {
        Open();
        Execute(sql);

        var refusal = Assert.Throws<StartupException>(Open);

        Assert.Contains("newer version of this program", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(FilePath, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_was_killed_while_tables_changed_does_not_stop_the_next()
    {
        Execute(FirstReleaseSchema() + """
            PRAGMA user_version = 1;
            CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL CONSTRAINT "PK___EFMigrationsLock" PRIMARY KEY, "Timestamp" TEXT NOT NULL);
            INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-01-01 00:00:00');
            """);

        await Task.Run(Open, Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    [Fact]
    public void A_file_that_is_no_database_is_said_in_one_sentence()
    {
        File.WriteAllText(FilePath, string.Concat(Enumerable.Repeat("not a database ", 100)));

        Assert.Contains(FilePath, Assert.Throws<StartupException>(Open).Message, StringComparison.Ordinal);
    }

    private static string FirstReleaseSchema()
    {
        using var stream = typeof(SqliteMigrationTests).Assembly.GetManifestResourceStream("schema-1.sql") ?? throw new InvalidOperationException("schema-1.sql is not in the assembly.");
        return new StreamReader(stream).ReadToEnd();
    }

    /// <summary>Tables and indexes with their columns, in whatever order they were made.</summary>
    private static SortedDictionary<string, string> Tables(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT name, (SELECT group_concat(column, ', ') FROM (
                SELECT name || ' ' || type || ' ' || "notnull" || ' ' || pk AS column FROM pragma_table_info(sqlite_master.name)
                UNION ALL SELECT seqno || name FROM pragma_index_info(sqlite_master.name) ORDER BY column))
            FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name
            """;
        using var reader = command.ExecuteReader();
        var tables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read())
        {
            tables.Add(reader.GetString(0), reader.GetString(1));
        }

        return tables;
    }

    private SqliteLedger Open()
    {
        var ledger = new SqliteLedger(FilePath, NullLoggerFactory.Instance);
        ledger.Open();
        return ledger;
    }

    private void Execute(string sql) => Scalar(sql);

    private object? Scalar(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={FilePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
