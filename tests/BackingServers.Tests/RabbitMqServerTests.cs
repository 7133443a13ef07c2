using System.Text;
using RabbitMQ.Client;

namespace Rlhf.BackingServers.Tests;

public sealed class RabbitMqServerTests
{
    private const string Queue = "letters";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_durable_message_outlives_a_killed_broker(bool useInstalled)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("rlhf-test-");
        try
        {
            var options = new BackingServerOptions { UseInstalled = useInstalled, DataFolder = folder.FullName, Password = "secret" };
            await using (var first = await RabbitMqServer.StartAsync(options, cancellationToken))
            {
                await PublishAsync(first, "hello", cancellationToken);
                // A quorum queue of RabbitMQ 3.10 that is killed within a second of its declaration never elects a leader again.
                await Task.Delay(TimeSpan.FromSeconds(3), cancellationToken);
                await first.KillAsync();
            }

            await using var second = await RabbitMqServer.StartAsync(options, cancellationToken);
            Assert.Equal("hello", await ReceiveAsync(second, cancellationToken));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Two_run_side_by_side_and_leave_nothing_behind()
    {
        var servers = await Task.WhenAll(
            RabbitMqServer.StartAsync(new BackingServerOptions(), TestContext.Current.CancellationToken),
            RabbitMqServer.StartAsync(new BackingServerOptions(), TestContext.Current.CancellationToken));

        foreach (var server in servers)
        {
            await PublishAsync(server, "hello", TestContext.Current.CancellationToken);
            await server.DisposeAsync();
        }

        Assert.All(servers, static server => Assert.False(Directory.Exists($"/proc/{server.ProcessId}")));
        Assert.All(servers, static server => Assert.False(Directory.Exists($"/proc/{server.PortMapperProcessId}")));
    }

    private static async Task PublishAsync(RabbitMqServer server, string text, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(server, cancellationToken);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: cancellationToken);
        await channel.BasicPublishAsync("", Queue, mandatory: true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes(text), cancellationToken);
    }

    private static async Task<string?> ReceiveAsync(RabbitMqServer server, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(server, cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        for (var attempt = 0; attempt < 100; attempt++)
        {
            // A quorum queue elects its leader after a start; until then it is empty.
            if (await channel.BasicGetAsync(Queue, autoAck: true, cancellationToken) is { } message)
            {
                return Encoding.UTF8.GetString(message.Body.Span);
            }

            await Task.Delay(50, cancellationToken);
        }

        return null;
    }

    private static Task<IConnection> ConnectAsync(RabbitMqServer server, CancellationToken cancellationToken)
        => new ConnectionFactory { Uri = new Uri(server.ConnectionString) }.CreateConnectionAsync(cancellationToken);
}
