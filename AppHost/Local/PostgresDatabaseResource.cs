using System.Globalization;
using Rlhf.BackingServers;

namespace Rlhf.AppHost.Local;

/// <summary>A database of a PostgreSQL; the service that uses it creates it.</summary>
internal sealed class PostgresDatabaseResource(string name, PostgresServerResource parent) : Resource(name), IResourceWithConnectionString
{
    public string ConnectionString => Server.ConnectionStringOf(Name);

    public IReadOnlyDictionary<string, string> Properties => new Dictionary<string, string>
    {
        ["HOST"] = PostgreSqlServer.Host,
        ["PORT"] = Server.Port.ToString(CultureInfo.InvariantCulture),
        ["USERNAME"] = PostgreSqlServer.UserName,
        ["PASSWORD"] = Server.Password,
        ["DATABASENAME"] = Name,
        ["URI"] = string.Create(
            CultureInfo.InvariantCulture, $"postgresql://{PostgreSqlServer.UserName}:{Server.Password}@{PostgreSqlServer.Host}:{Server.Port}/{Name}"),
    };

    private PostgreSqlServer Server => parent.Server;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override Task StartCoreAsync(Action<string> fail, CancellationToken cancellationToken) => Task.CompletedTask;
}
