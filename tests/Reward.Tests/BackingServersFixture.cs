using Rlhf.BackingServers;
using Rlhf.Reward.Tests;
using StackExchange.Redis;
using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(BackingServersFixture))]
[assembly: EmptyRedisAfterTest]

// Two services at a time would take messages from one queue.
[assembly: Parallelization(Mode = ParallelMode.None)]

namespace Rlhf.Reward.Tests;

/// <summary>One real RabbitMQ and one real Redis for all tests.</summary>
public sealed class BackingServersFixture : IAsyncLifetime
{
    private RabbitMqServer? _broker;
    private RedisServer? _redis;

    public string Messaging => _broker?.ConnectionString ?? "";

    public string Cache => _redis?.ConnectionString ?? "";

    public async ValueTask InitializeAsync()
    {
        _broker = await RabbitMqServer.StartAsync(new BackingServerOptions(), CancellationToken.None);
        _redis = await RedisServer.StartAsync(new BackingServerOptions(), CancellationToken.None);
    }

    /// <summary>Forgets all scores, answers and versions.</summary>
    public void EmptyCache()
    {
        using var redis = ConnectionMultiplexer.Connect($"{Cache},allowAdmin=true");
        redis.GetServers().Single().FlushAllDatabases();
    }

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }
}
