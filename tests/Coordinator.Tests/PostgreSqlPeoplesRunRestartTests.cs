namespace Rlhf.Coordinator.Tests;

/// <summary>The same tests with the ledger in PostgreSQL.</summary>
[Collection(nameof(CoordinatorHarness))]
public sealed class PostgreSqlPeoplesRunRestartTests(BrokerFixture broker, PostgreSqlFixture postgres) : PeoplesRunRestartTests(broker)
{
    protected override async Task<string?> DatabaseAsync() => await postgres.NewDatabaseAsync();
}
