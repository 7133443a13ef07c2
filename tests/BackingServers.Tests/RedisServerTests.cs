using StackExchange.Redis;

namespace Rlhf.BackingServers.Tests;

public sealed class RedisServerTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_value_written_is_read_back(bool useInstalled)
    {
        await using var server = await RedisServer.StartAsync(new BackingServerOptions { UseInstalled = useInstalled }, TestContext.Current.CancellationToken);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);

        await client.GetDatabase().StringSetAsync("key", "value");

        Assert.Equal("value", await client.GetDatabase().StringGetAsync("key"));
    }

    [Fact]
    public async Task A_stranger_without_the_password_is_turned_away()
    {
        await using var server = await RedisServer.StartAsync(new BackingServerOptions(), TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{server.Port}"));
    }

    [Fact]
    public async Task A_chosen_port_that_is_taken_is_said_in_one_sentence()
    {
        await using var first = await RedisServer.StartAsync(new BackingServerOptions(), TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<BackingServerException>(
            () => RedisServer.StartAsync(new BackingServerOptions { Port = first.Port }, TestContext.Current.CancellationToken));

        Assert.Contains("in use", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Disposal_ends_the_process()
    {
        var server = await RedisServer.StartAsync(new BackingServerOptions(), TestContext.Current.CancellationToken);

        await server.DisposeAsync();

        Assert.False(Directory.Exists($"/proc/{server.ProcessId}"));
    }
}
