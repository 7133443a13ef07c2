using Microsoft.EntityFrameworkCore;

namespace Rlhf.Coordinator.Ledger;

/// <summary>The ledger's tables in a SQLite file.</summary>
internal sealed class SqliteLedgerContext(DbContextOptions<SqliteLedgerContext> options) : LedgerContext(options);
