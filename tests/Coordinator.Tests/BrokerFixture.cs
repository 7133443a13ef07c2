using Rlhf.BackingServers;
using Rlhf.Coordinator.Tests;

[assembly: AssemblyFixture(typeof(BrokerFixture))]

namespace Rlhf.Coordinator.Tests;

/// <summary>One real broker for all tests of this assembly.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    private RabbitMqServer? _server;

    public string ConnectionString => (_server ?? throw new InvalidOperationException("The broker has not started.")).ConnectionString;

    public async ValueTask InitializeAsync() =>
        _server = await RabbitMqServer.StartAsync(new BackingServerOptions(), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
