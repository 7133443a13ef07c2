using System.Globalization;
using Rlhf.BackingServers;

namespace Rlhf.AppHost.Local;

/// <summary>A Redis of our own.</summary>
internal sealed class RedisResource(string name, ChildOutputs outputs) : Resource(name), IResourceWithConnectionString
{
    private RedisServer? _server;

    public string ConnectionString => Server.ConnectionString;

    public IReadOnlyDictionary<string, string> Properties => new Dictionary<string, string>
    {
        ["HOST"] = RedisServer.Host,
        ["PORT"] = Server.Port.ToString(CultureInfo.InvariantCulture),
        ["PASSWORD"] = Server.Password,
        ["URI"] = string.Create(CultureInfo.InvariantCulture, $"redis://:{Server.Password}@{RedisServer.Host}:{Server.Port}"),
    };

    private RedisServer Server => _server ?? throw new InvalidOperationException($"{Name} has not started.");

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _server, null) is { } server)
        {
            await server.DisposeAsync();
        }
    }

    protected override async Task StartCoreAsync(Action<string> fail, CancellationToken cancellationToken)
    {
        var options = ServerOptions.For(Name, outputs);
        _server = await RedisServer.StartAsync(options, cancellationToken);
        _ = WatchAsync(_server);
    }

    /// <summary>Services go on without their cache, slower; so the system stays.</summary>
    private async Task WatchAsync(RedisServer server)
    {
        var exitCode = await server.Exited;
        if (_server is not null)
        {
            Terminal.WriteLine($"{Name}: Redis has ended unexpectedly (exit code {exitCode}); services go on without a cache.");
        }
    }
}
