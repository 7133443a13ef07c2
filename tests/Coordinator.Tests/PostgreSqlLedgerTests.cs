using Microsoft.Extensions.DependencyInjection;
using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Tests;

/// <summary>The same tests with the ledger in PostgreSQL.</summary>
public sealed class PostgreSqlLedgerTests(PostgreSqlFixture postgres) : LedgerTests
{
    private protected override async Task<IServiceCollection> AddLedgerAsync(IServiceCollection services) =>
        services.AddPostgreSqlLedger(await postgres.NewDatabaseAsync());
}
