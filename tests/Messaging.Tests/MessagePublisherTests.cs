using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client.Exceptions;
using Rlhf.V1;

namespace Rlhf.Messaging.Tests;

public sealed class MessagePublisherTests(BrokerFixture broker)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_published_before_its_consumer_exists_waits_in_its_queue()
    {
        using var host = await broker.StartHostAsync(_ => { }, Cancellation);
        await host.Services.GetRequiredService<MessagePublisher>().PublishAsync(
            RoutingKeys.ComparisonsRequested, "c", new ComparisonRequested { Header = new MessageHeader { MessageId = "c" } }, Cancellation);

        await using var connection = await broker.ConnectAsync("reader", Cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        Assert.NotNull(await channel.BasicGetAsync(QueueNames.JudgeComparisons, autoAck: true, Cancellation));
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_request_that_no_queue_takes_is_an_error()
    {
        using var host = await broker.StartHostAsync(_ => { }, Cancellation);
        await Assert.ThrowsAsync<PublishReturnException>(() => host.Services.GetRequiredService<MessagePublisher>()
            .PublishAsync("nobody.requested", "x", new PreferenceRecorded { Header = new MessageHeader { MessageId = "x" } }, Cancellation));
        await host.StopAsync(Cancellation);
    }
}
