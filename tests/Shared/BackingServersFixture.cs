using Rlhf.BackingServers;

namespace Rlhf.Tests;

/// <summary>
/// One Redis and one RabbitMQ for all tests of a project, started on first use. A test project links this file
/// (<c>&lt;Compile Include="../Shared/BackingServersFixture.cs" /&gt;</c>), declares
/// <c>[assembly: AssemblyFixture(typeof(BackingServersFixture))]</c> and takes the fixture in its test classes' constructors.
/// Tests share the servers: they use queues and keys of their own.
/// </summary>
public sealed class BackingServersFixture : IAsyncDisposable
{
    private readonly Lazy<Task<RedisServer>> _redis = new(static () => RedisServer.StartAsync(new BackingServerOptions(), CancellationToken.None));
    private readonly Lazy<Task<RabbitMqServer>> _rabbitMq = new(static () => RabbitMqServer.StartAsync(new BackingServerOptions(), CancellationToken.None));

    /// <summary>The shared Redis.</summary>
    public Task<RedisServer> RedisAsync() => _redis.Value;

    /// <summary>The shared RabbitMQ.</summary>
    public Task<RabbitMqServer> RabbitMqAsync() => _rabbitMq.Value;

    public async ValueTask DisposeAsync()
    {
        if (_redis.IsValueCreated)
        {
            await (await _redis.Value).DisposeAsync();
        }

        if (_rabbitMq.IsValueCreated)
        {
            await (await _rabbitMq.Value).DisposeAsync();
        }
    }
}
