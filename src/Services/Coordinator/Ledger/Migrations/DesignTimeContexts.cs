using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Rlhf.Coordinator.Ledger.Migrations;

/// <summary>Contexts for <c>dotnet ef</c>, which compares their tables with the last migration. Nothing is connected to.</summary>
internal sealed class DesignTimeContexts : IDesignTimeDbContextFactory<SqliteLedgerContext>, IDesignTimeDbContextFactory<PostgreSqlLedgerContext>
{
    SqliteLedgerContext IDesignTimeDbContextFactory<SqliteLedgerContext>.CreateDbContext(string[] args)
        => new(SqliteLedger.Configure(new DbContextOptionsBuilder<SqliteLedgerContext>(), "design.db").Options);

    PostgreSqlLedgerContext IDesignTimeDbContextFactory<PostgreSqlLedgerContext>.CreateDbContext(string[] args)
        => new(PostgreSqlLedger.Configure(new DbContextOptionsBuilder<PostgreSqlLedgerContext>(), "Host=design").Options);
}
