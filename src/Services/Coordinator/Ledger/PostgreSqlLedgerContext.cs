using Microsoft.EntityFrameworkCore;

namespace Rlhf.Coordinator.Ledger;

/// <summary>The ledger's tables in a PostgreSQL database.</summary>
internal sealed class PostgreSqlLedgerContext(DbContextOptions<PostgreSqlLedgerContext> options) : LedgerContext(options)
{
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) => configurationBuilder
        .Properties<string>()
        .HaveConversion<NullCharacterEscape>()
        // By code point, as SQLite compares: a run asks for the same things in the same order, whatever database it has.
        .UseCollation("C");
}
