using System.Globalization;
using Rlhf.BackingServers;

namespace Rlhf.AppHost.Local;

/// <summary>A RabbitMQ of our own.</summary>
internal sealed class RabbitMQServerResource(string name, ChildOutputs outputs) : Resource(name), IResourceWithConnectionString
{
    private RabbitMqServer? _server;

    public string ConnectionString => Server.ConnectionString;

    public IReadOnlyDictionary<string, string> Properties => new Dictionary<string, string>
    {
        ["HOST"] = RabbitMqServer.Host,
        ["PORT"] = Server.Port.ToString(CultureInfo.InvariantCulture),
        ["USERNAME"] = RabbitMqServer.UserName,
        ["PASSWORD"] = Server.Password,
        ["URI"] = Server.ConnectionString,
    };

    private RabbitMqServer Server => _server ?? throw new InvalidOperationException($"{Name} has not started.");

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
        _server = await RabbitMqServer.StartAsync(options, cancellationToken);
        _ = WatchAsync(_server, fail);
    }

    private async Task WatchAsync(RabbitMqServer server, Action<string> fail)
    {
        var exitCode = await server.Exited;
        if (_server is not null)
        {
            fail($"RabbitMQ has ended unexpectedly (exit code {exitCode}), and its queues with it.");
        }
    }
}
