using Rlhf.BackingServers;

namespace Rlhf.AppHost.Local;

/// <summary>A PostgreSQL of our own. Its databases stay in the data folder for the next start.</summary>
internal sealed class PostgresServerResource(string name, ChildOutputs outputs) : Resource(name)
{
    private PostgreSqlServer? _server;

    public PostgreSqlServer Server => _server ?? throw new InvalidOperationException($"{Name} has not started.");

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _server, null) is { } server)
        {
            await server.DisposeAsync();
        }
    }

    protected override async Task StartCoreAsync(Action<string> fail, CancellationToken cancellationToken)
    {
        _server = await PostgreSqlServer.StartAsync(ServerOptions.Keeping(Name, outputs), cancellationToken);
        _ = WatchAsync(_server, fail);
    }

    private async Task WatchAsync(PostgreSqlServer server, Action<string> fail)
    {
        var exitCode = await server.Exited;
        if (_server is not null)
        {
            fail($"PostgreSQL has ended unexpectedly (exit code {exitCode}); what it had committed is in its folder.");
        }
    }
}
