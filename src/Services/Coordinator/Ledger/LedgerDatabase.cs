using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Ledger;

/// <summary>Opens the ledger's database and creates its tables.</summary>
internal static class LedgerDatabase
{
    // Raised with every change of the tables: an older file is refused in one sentence, not met with a missing column.
    private const int SchemaVersion = 2;

    /// <summary>Adds the context factory, the writer and the reader over a SQLite file.</summary>
    public static IServiceCollection AddLedger(this IServiceCollection services, string file)
    {
        services.AddDbContextFactory<LedgerContext>(options => options
            .UseSqlite($"Data Source={file};Default Timeout=30")
            .AddInterceptors(new WriteAheadLog()));
        services.AddSingleton<LedgerChanges>();
        services.AddSingleton<LedgerWriter>();
        services.AddHostedService(provider => provider.GetRequiredService<LedgerWriter>());
        return services;
    }

    /// <summary>Creates the tables of a new file, or checks an existing one.</summary>
    /// <exception cref="StartupException">The file was written by another version.</exception>
    public static void Open(IDbContextFactory<LedgerContext> contexts)
    {
        using var context = contexts.CreateDbContext();
        if (context.Database.EnsureCreated())
        {
            context.Database.ExecuteSql($"PRAGMA user_version = 2");
            return;
        }

        var found = context.Database.SqlQuery<int>($"SELECT user_version AS Value FROM pragma_user_version").Single();
        if (found != SchemaVersion)
        {
            throw new StartupException(
                $"the ledger '{context.Database.GetDbConnection().DataSource}' has schema version {found}, this program reads {SchemaVersion}; move the file away or use the program that wrote it");
        }
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
