using Microsoft.EntityFrameworkCore;

namespace Rlhf.Coordinator.Ledger;

/// <summary>Where the ledger is kept: a SQLite file, or a PostgreSQL database.</summary>
internal interface ILedgerDatabase : IDbContextFactory<LedgerContext>
{
    /// <summary>Makes the tables of a new ledger, or brings those of an older version of this program forward with their data.</summary>
    /// <exception cref="ServiceDefaults.StartupException">It can't be reached or used, or a newer version of this program wrote it.</exception>
    void Open();
}
