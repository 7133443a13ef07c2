using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using Rlhf.BackingServers;
using Rlhf.Tests;
using Rlhf.V1;
using StackExchange.Redis;

namespace Rlhf.ServiceDefaults.Tests;

public sealed class ClientTests(BackingServersFixture servers)
{
    [Fact]
    public async Task Clients_connect_by_their_connection_strings_and_report_health()
    {
        var redis = await servers.RedisAsync();
        var rabbitMq = await servers.RabbitMqAsync();
        await using var service = await StartAsync(("ConnectionStrings:cache", redis.ConnectionString), ("ConnectionStrings:messaging", rabbitMq.ConnectionString));

        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync(service, "/health"));
        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync(service, "/alive"));
    }

    [Fact]
    public async Task A_lost_cache_is_unhealthy_but_alive_and_does_not_stop_the_start()
    {
        var rabbitMq = await servers.RabbitMqAsync();
        await using var service = await StartAsync(
            ("ConnectionStrings:cache", "127.0.0.1:1,connectTimeout=200"), ("ConnectionStrings:messaging", rabbitMq.ConnectionString));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusOfAsync(service, "/health"));
        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync(service, "/alive"));
    }

    [Fact]
    public void The_connection_string_wins_over_the_named_section_and_that_over_the_base_section()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Aspire:RabbitMQ:Client:ConnectionString"] = "amqp://base:1",
            ["Aspire:RabbitMQ:Client:one:ConnectionString"] = "amqp://named:1",
            ["Aspire:RabbitMQ:Client:ConnectionFactory:ClientProvidedName"] = "from the base section",
            ["ConnectionStrings:one"] = "amqp://string:1",
        });

        builder.AddRabbitMQClient("one");

        var factory = (ConnectionFactory)builder.Services.BuildServiceProvider().GetRequiredService<IConnectionFactory>();
        Assert.Equal("string", factory.HostName);
        Assert.Equal("from the base section", factory.ClientProvidedName);
    }

    [Fact]
    public async Task A_broker_that_comes_late_is_waited_for()
    {
        var first = await RabbitMqServer.StartAsync(new BackingServerOptions { Password = "secret" }, TestContext.Current.CancellationToken);
        await first.DisposeAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("ConnectionStrings:late", (string?)first.ConnectionString)]);
        builder.AddRabbitMQClient("late");
        await using var provider = builder.Services.BuildServiceProvider();

        var connecting = Task.Run(provider.GetRequiredService<IConnection>, TestContext.Current.CancellationToken);
        await using var second = await RabbitMqServer.StartAsync(
            new BackingServerOptions { Port = first.Port, Password = "secret" }, TestContext.Current.CancellationToken);

        Assert.True((await connecting).IsOpen);
    }

    [Fact]
    public void A_missing_connection_string_names_the_key_to_set()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.AddRedisClient("cache");

        var error = Assert.Throws<InvalidOperationException>(() => builder.Services.BuildServiceProvider().GetRequiredService<IConnectionMultiplexer>());

        Assert.Contains("ConnectionStrings:cache", error.Message, StringComparison.Ordinal);
    }

    private static Task<LoopbackService> StartAsync(params (string Key, string Value)[] settings)
        => LoopbackService.StartAsync(static (_, _) => Task.FromResult(new TokenizeResponse()), builder =>
        {
            builder.Configuration.AddInMemoryCollection(settings.Select(static setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
            builder.AddRedisClient("cache");
            builder.AddRabbitMQClient("messaging");
        });

    private static async Task<HttpStatusCode> StatusOfAsync(LoopbackService service, string path)
    {
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri(service.Http + path), TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
