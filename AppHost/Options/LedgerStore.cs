namespace Rlhf.AppHost.Options;

/// <summary>What keeps the ledger.</summary>
internal enum LedgerStore
{
    /// <summary>A file in the Coordinator's data folder.</summary>
    Sqlite,

    /// <summary>A PostgreSQL that is started beside the services.</summary>
    Postgres,
}
