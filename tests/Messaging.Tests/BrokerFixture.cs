using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using Rlhf.BackingServers;
using Rlhf.Messaging.Tests;

[assembly: AssemblyFixture(typeof(BrokerFixture))]

namespace Rlhf.Messaging.Tests;

/// <summary>One real broker for all tests of this assembly.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    private RabbitMqServer? _server;

    public Uri Uri => new((_server ?? throw new InvalidOperationException("The broker has not started.")).ConnectionString);

    public async ValueTask InitializeAsync() =>
        _server = await RabbitMqServer.StartAsync(new BackingServerOptions(), TestContext.Current.CancellationToken);

    public Task<IConnection> ConnectAsync(string name, CancellationToken cancellationToken) => ConnectAsync(Uri, name, cancellationToken);

    private static Task<IConnection> ConnectAsync(Uri uri, string name, CancellationToken cancellationToken) =>
        new ConnectionFactory { Uri = uri, ClientProvidedName = name, NetworkRecoveryInterval = TimeSpan.FromMilliseconds(300) }
            .CreateConnectionAsync(cancellationToken);

    /// <summary>A started host, quick to retry, with its own connection through a <see cref="SeverableProxy"/>.</summary>
    public async Task<IHost> StartHostAsync(Action<IServiceCollection> configure, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Messaging:MaxAttempts"] = "3",
            ["Messaging:FirstRetryDelayMilliseconds"] = "20",
        });
        var proxy = new SeverableProxy(Uri.Host, Uri.Port);
        var connection = await ConnectAsync(new UriBuilder(Uri) { Host = "127.0.0.1", Port = proxy.Port }.Uri, "host", cancellationToken);
        builder.Services.AddSingleton(_ => proxy);
        builder.Services.AddSingleton(_ => connection);
        builder.Services.AddMessagePublisher();
        configure(builder.Services);
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        return host;
    }

    /// <summary>A queue name that no other test uses.</summary>
    public static string NewQueue() => "test." + Guid.NewGuid().ToString("N");

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
