namespace Rlhf.Coordinator.Tests;

/// <summary>The same tests with the ledger in PostgreSQL.</summary>
public sealed class PostgreSqlComparisonLeaseTests(PostgreSqlFixture postgres) : ComparisonLeaseTests
{
    private protected override async Task<LabellingHarness> StartAsync() => await LabellingHarness.StartAsync(await postgres.NewDatabaseAsync());
}
