using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Ledger;

/// <summary>The ledger in a SQLite file.</summary>
internal sealed class SqliteLedger(string file, ILoggerFactory loggers) : ILedgerDatabase
{
    // The first release kept no history of migrations: its files have its tables and this version.
    private const int FirstRelease = 1;

    private readonly DbContextOptions<SqliteLedgerContext> _options = Configure(new DbContextOptionsBuilder<SqliteLedgerContext>(), file)
        .UseLoggerFactory(loggers).Options;

    /// <summary>Sets the file.</summary>
    public static DbContextOptionsBuilder<SqliteLedgerContext> Configure(DbContextOptionsBuilder<SqliteLedgerContext> options, string file) => options
        .UseSqlite($"Data Source={file};Default Timeout=30")
        .AddInterceptors(new WriteAheadLog())

        // SQLite switches its foreign keys outside of transactions only; a start that is cut off there is taken up by the next one.
        .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.NonTransactionalMigrationOperationWarning));

    public LedgerContext CreateDbContext() => new SqliteLedgerContext(_options);

    public void Open()
    {
        using var context = CreateDbContext();
        try
        {
            Open(context);
        }
        catch (SqliteException exception)
        {
            throw new StartupException($"the ledger '{file}' can't be opened: {exception.Message}", exception);
        }
    }

    private void Open(LedgerContext context)
    {
        var migrations = context.Database.GetMigrations().ToList();
        var found = context.Database.SqlQuery<int>($"SELECT user_version AS Value FROM pragma_user_version").Single();
        if (found > migrations.Count)
        {
            throw LedgerSchema.NewerThanThis($"the ledger '{file}'", found.ToString(CultureInfo.InvariantCulture));
        }

        var history = context.GetService<IHistoryRepository>();
        if (found == FirstRelease && !history.Exists())
        {
            context.Database.ExecuteSqlRaw(history.GetCreateScript());
            context.Database.ExecuteSqlRaw(history.GetInsertScript(new HistoryRow(migrations[0], ProductInfo.GetVersion())));
        }

        // What holds other processes off while tables change. There is no other process: a lock that is there was left by one that was killed.
        context.Database.ExecuteSqlRaw("DROP TABLE IF EXISTS \"__EFMigrationsLock\"");
        LedgerSchema.MoveForward(context, $"the ledger '{file}'");

        // The first release goes by this number alone, and must not write to tables that are not its own.
        using var command = context.Database.GetDbConnection().CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {migrations.Count}");
        context.Database.OpenConnection();
        command.ExecuteNonQuery();
    }

    /// <summary>Readers go on while the writer writes; a commit is on disk before its messages are acknowledged.</summary>
    private sealed class WriteAheadLog : DbConnectionInterceptor
    {
        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Configure(connection);

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Configure(connection);
            return Task.CompletedTask;
        }

        private static void Configure(DbConnection connection)
        {
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
            command.ExecuteNonQuery();
        }
    }
}
