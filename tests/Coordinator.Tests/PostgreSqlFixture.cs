using Npgsql;
using Rlhf.BackingServers;
using Rlhf.Coordinator.Tests;

[assembly: AssemblyFixture(typeof(PostgreSqlFixture))]

namespace Rlhf.Coordinator.Tests;

/// <summary>One real PostgreSQL for all tests of this assembly, started on first use; each test has a database of its own.</summary>
public sealed class PostgreSqlFixture : IAsyncDisposable
{
    private readonly Lazy<Task<PostgreSqlServer>> _server = new(static () => PostgreSqlServer.StartAsync(new BackingServerOptions(), CancellationToken.None));

    /// <summary>The shared server.</summary>
    public Task<PostgreSqlServer> ServerAsync() => _server.Value;

    /// <summary>The connection string of an empty database, which orders text by language: what the ledger orders must not depend on it.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        var name = $"test_{Guid.NewGuid():N}";
        await using var source = NpgsqlDataSource.Create((await _server.Value).ConnectionStringOf("postgres"));
        await using var command = source.CreateCommand($"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'und'");
        await command.ExecuteNonQueryAsync();
        return (await _server.Value).ConnectionStringOf(name);
    }

    /// <summary>The connection string of a database that is not there yet.</summary>
    public async Task<string> MissingDatabaseAsync() => (await _server.Value).ConnectionStringOf($"test_{Guid.NewGuid():N}");

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated)
        {
            await (await _server.Value).DisposeAsync();
        }
    }
}
