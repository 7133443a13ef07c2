using System.Data;
using Npgsql;

namespace Rlhf.Coordinator.Ledger;

/// <summary>
/// The right to write to a PostgreSQL ledger: an advisory lock, which the server keeps for as long as the connection that took it.
/// </summary>
internal sealed class LedgerLock : IAsyncDisposable
{
    private const long Key = 0x524C_4846; // "RLHF"; the lock is the database's own

    // A machine that is gone says no goodbye: by default its connection, and with it the lock, stays at the server for two hours. So the
    // server asks after 10 s of silence, and three times in all; after 25 s the lock is free, sooner than a start gives up.
    private const string Keepalives =
        "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 25000";

    private readonly NpgsqlConnection _connection;

    private LedgerLock(NpgsqlConnection connection) => _connection = connection;

    /// <summary>Takes it.</summary>
    /// <exception cref="LedgerHeldException">Somebody else has it.</exception>
    /// <exception cref="NpgsqlException">The server can't be reached.</exception>
    public static LedgerLock Take(string connectionString)
    {
        // A connection of the pool would keep the lock after its return.
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
            using (var keepalives = new NpgsqlCommand(Keepalives, connection))
            {
                keepalives.ExecuteNonQuery();
            }

            using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock($1)", connection) { Parameters = { new() { Value = Key } } };
            return command.ExecuteScalar() is true ? new LedgerLock(connection) : throw new LedgerHeldException();
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Returns while the connection, and with it the lock, is there.</summary>
    /// <exception cref="NpgsqlException">It is gone.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT 1", _connection);
        await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Lets go of it.</summary>
    public async ValueTask DisposeAsync()
    {
        await using var connection = _connection;
        if (connection.State != ConnectionState.Open)
        {
            return; // the lock is gone with it
        }

        try
        {
            // The server notices some time later that a connection has ended; who waits for the lock shouldn't have to.
            await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock($1)", connection) { Parameters = { new() { Value = Key } } };
            await command.ExecuteScalarAsync();
        }
        catch (NpgsqlException)
        {
            // The connection broke just now, and the lock is gone with it.
        }
    }
}
