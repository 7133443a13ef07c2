using Microsoft.EntityFrameworkCore;

namespace Rlhf.Coordinator.Ledger;

/// <summary>Adds the ledger: its database, and the one writer.</summary>
internal static class LedgerServices
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    /// <summary>A ledger in a SQLite file.</summary>
    public static IServiceCollection AddSqliteLedger(this IServiceCollection services, string file) => services
        .AddSingleton<ILedgerDatabase>(provider => new SqliteLedger(file, provider.GetRequiredService<ILoggerFactory>()))
        .AddLedger();

    /// <summary>A ledger in a PostgreSQL database.</summary>
    public static IServiceCollection AddPostgreSqlLedger(this IServiceCollection services, string connectionString)
    {
        services.AddHealthChecks().AddCheck<LedgerHealthCheck>("ledger");
        return services
            .AddSingleton(provider => new PostgreSqlLedger(connectionString, _patience, provider.GetRequiredService<ILoggerFactory>()))
            .AddSingleton<ILedgerDatabase>(static provider => provider.GetRequiredService<PostgreSqlLedger>())
            // Before the writer, and so stopped after it: nobody else may write before its last batch is down.
            .AddHostedService<LedgerLockWatch>()
            .AddLedger();
    }

    private static IServiceCollection AddLedger(this IServiceCollection services) => services
        .AddSingleton<IDbContextFactory<LedgerContext>>(static provider => provider.GetRequiredService<ILedgerDatabase>())
        .AddSingleton<LedgerChanges>()
        .AddSingleton<LedgerWriter>()
        .AddHostedService(static provider => provider.GetRequiredService<LedgerWriter>());
}
