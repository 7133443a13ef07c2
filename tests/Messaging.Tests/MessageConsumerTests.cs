using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Rlhf.V1;

namespace Rlhf.Messaging.Tests;

public sealed class MessageConsumerTests(BrokerFixture broker)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed class Recorder(Func<PreferenceRecorded, int, CancellationToken, Task> act) : IMessageHandler<PreferenceRecorded>
    {
        public ConcurrentDictionary<string, int> Deliveries { get; } = new();

        public ConcurrentDictionary<string, bool> Done { get; } = new();

        public async Task HandleAsync(PreferenceRecorded message, CancellationToken cancellationToken)
        {
            var id = message.Header.MessageId;
            await act(message, Deliveries.AddOrUpdate(id, 1, (_, count) => count + 1), cancellationToken);
            Done[id] = true;
        }
    }

    private static PreferenceRecorded Message(string id) => new() { Header = new MessageHeader { MessageId = id, RunId = "run" }, PromptId = "p" };

    private async Task<IHost> StartAsync(string queue, string key, Recorder handler, ushort prefetch = 8)
    {
        var host = await broker.StartHostAsync(
            services => services.AddSingleton(handler).AddMessageConsumer<PreferenceRecorded, Recorder>(queue, key, prefetch), Cancellation);
        await WaitForQueueAsync(queue);
        return host;
    }

    private static async Task WaitForAsync(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"waited 30 s for: {what}");
            await Task.Delay(20, Cancellation);
        }
    }

    private async Task<BasicGetResult> GetDeadLetterAsync(string queue)
    {
        await using var connection = await broker.ConnectAsync("reader", Cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(20))
        {
            if (await channel.BasicGetAsync(QueueNames.DeadLettersOf(queue), autoAck: true, Cancellation) is { } letter)
            {
                return letter;
            }

            await Task.Delay(50, Cancellation);
        }

        throw new TimeoutException($"No dead letter of {queue} within 20 s.");
    }

    private static string ReasonOf(BasicGetResult letter) =>
        System.Text.Encoding.UTF8.GetString((byte[])letter.BasicProperties.Headers!["x-reason"]!);

    [Fact]
    public async Task Two_thousand_concurrent_publishes_are_each_handled_once()
    {
        var queue = BrokerFixture.NewQueue();
        var handler = new Recorder((_, _, _) => Task.CompletedTask);
        using var host = await StartAsync(queue, queue, handler, prefetch: 64);
        var publisher = host.Services.GetRequiredService<MessagePublisher>();

        await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => publisher.PublishAsync(queue, $"m{i}", Message($"m{i}"), Cancellation)));

        await WaitForAsync(() => handler.Done.Count == 2000, "2000 handled messages");
        Assert.All(handler.Deliveries.Values, count => Assert.Equal(1, count));
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Handlers_run_together_up_to_the_prefetch()
    {
        var queue = BrokerFixture.NewQueue();
        var together = new CountdownEvent(8);
        var inside = 0;
        var started = 0;
        var most = 0;
        var release = new TaskCompletionSource();
        var handler = new Recorder(async (_, _, token) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            if (Interlocked.Increment(ref started) <= 8)
            {
                together.Signal();
            }

            await release.Task.WaitAsync(token);
            Interlocked.Decrement(ref inside);
        });
        using var host = await StartAsync(queue, queue, handler, prefetch: 8);
        var publisher = host.Services.GetRequiredService<MessagePublisher>();
        for (var i = 0; i < 20; i++)
        {
            await publisher.PublishAsync(queue, $"m{i}", Message($"m{i}"), Cancellation);
        }

        Assert.True(together.Wait(TimeSpan.FromSeconds(20), Cancellation));
        await Task.Delay(200, Cancellation);
        Assert.Equal(8, most);
        release.SetResult();
        await WaitForAsync(() => handler.Done.Count == 20, "20 handled messages");
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_handler_that_fails_gets_the_message_again()
    {
        var queue = BrokerFixture.NewQueue();
        var handler = new Recorder((_, delivery, _) => delivery < 3 ? throw new InvalidOperationException("not yet") : Task.CompletedTask);
        using var host = await StartAsync(queue, queue, handler);

        await host.Services.GetRequiredService<MessagePublisher>().PublishAsync(queue, "m", Message("m"), Cancellation);

        await WaitForAsync(() => handler.Done.ContainsKey("m"), "third attempt");
        Assert.Equal(3, handler.Deliveries["m"]);
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_message_that_always_fails_becomes_a_dead_letter_with_the_reason_and_the_rest_goes_on()
    {
        var queue = BrokerFixture.NewQueue();
        var handler = new Recorder((message, _, _) =>
            message.Header.MessageId == "bad" ? throw new InvalidOperationException("the lamp is broken") : Task.CompletedTask);
        using var host = await StartAsync(queue, queue, handler);
        var publisher = host.Services.GetRequiredService<MessagePublisher>();

        await publisher.PublishAsync(queue, "bad", Message("bad"), Cancellation);
        await publisher.PublishAsync(queue, "good", Message("good"), Cancellation);

        var letter = await GetDeadLetterAsync(queue);
        Assert.Equal("InvalidOperationException: the lamp is broken", ReasonOf(letter));
        Assert.Equal("bad", letter.BasicProperties.MessageId);
        Assert.Equal(Message("bad"), PreferenceRecorded.Parser.ParseFrom(letter.Body.Span));
        Assert.Equal(3, handler.Deliveries["bad"]);
        await WaitForAsync(() => handler.Done.ContainsKey("good"), "the good message");
        await host.StopAsync(Cancellation);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF }, "rlhf.v1.PreferenceRecorded", "the body is not a 'rlhf.v1.PreferenceRecorded'")]
    [InlineData(new byte[0], "rlhf.v1.Sample", "the body is a 'rlhf.v1.Sample'")]
    public async Task A_body_that_cannot_be_read_becomes_a_dead_letter_at_once(byte[] body, string type, string reason)
    {
        var queue = BrokerFixture.NewQueue();
        var handler = new Recorder((_, _, _) => Task.CompletedTask);
        using var host = await StartAsync(queue, queue, handler);
        await using var connection = await broker.ConnectAsync("raw", Cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);

        await channel.BasicPublishAsync("", queue, mandatory: true, new BasicProperties { Type = type }, body, Cancellation);

        Assert.StartsWith(reason, ReasonOf(await GetDeadLetterAsync(queue)));
        Assert.Empty(handler.Deliveries);
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_lost_connection_loses_no_message()
    {
        var queue = BrokerFixture.NewQueue();
        var handler = new Recorder((_, _, token) => Task.Delay(5, token));
        using var host = await StartAsync(queue, queue, handler, prefetch: 4);
        var publisher = host.Services.GetRequiredService<MessagePublisher>();

        var publishing = Task.WhenAll(Enumerable.Range(0, 300).Select(async i =>
        {
            await Task.Delay(i * 5, Cancellation);
            await publisher.PublishAsync(queue, $"m{i}", Message($"m{i}"), Cancellation);
        }));
        await WaitForAsync(() => handler.Done.Count > 30, "a start");
        host.Services.GetRequiredService<SeverableProxy>().Cut();
        await publishing;

        await WaitForAsync(() => handler.Done.Count == 300, "all 300 messages in spite of the lost connection");
        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_process_that_stops_in_the_middle_leaves_the_message_to_the_next_one()
    {
        var queue = BrokerFixture.NewQueue();
        var entered = new TaskCompletionSource();
        var slow = new Recorder(async (_, _, token) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.Infinite, token);
        });
        using (var first = await StartAsync(queue, queue, slow))
        {
            await first.Services.GetRequiredService<MessagePublisher>().PublishAsync(queue, "m", Message("m"), Cancellation);
            await entered.Task.WaitAsync(Cancellation);
            await first.StopAsync(Cancellation);
            await first.Services.GetRequiredService<IConnection>().CloseAsync(Cancellation);
        }

        var quick = new Recorder((_, _, _) => Task.CompletedTask);
        using var second = await StartAsync(queue, queue, quick);
        await WaitForAsync(() => quick.Done.ContainsKey("m"), "the message at the second process");
        await second.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Every_process_gets_a_fan_out_message_also_after_a_lost_connection()
    {
        var key = "fan-out." + Guid.NewGuid().ToString("N");
        var handlers = new[] { new Recorder((_, _, _) => Task.CompletedTask), new Recorder((_, _, _) => Task.CompletedTask) };
        var hosts = new List<IHost>();
        foreach (var handler in handlers)
        {
            hosts.Add(await broker.StartHostAsync(
                services => services.AddSingleton(handler).AddFanOutConsumer<PreferenceRecorded, Recorder>(key), Cancellation));
        }

        var publisher = hosts[0].Services.GetRequiredService<MessagePublisher>();
        await PublishUntilReceivedAsync("before");
        hosts[1].Services.GetRequiredService<SeverableProxy>().Cut();
        await PublishUntilReceivedAsync("after");
        foreach (var host in hosts)
        {
            await host.StopAsync(Cancellation);
            host.Dispose();
        }

        // A fan-out queue exists only from its subscription on, so the first messages may come too early.
        async Task PublishUntilReceivedAsync(string prefix)
        {
            var clock = Stopwatch.StartNew();
            for (var i = 0; clock.Elapsed < TimeSpan.FromSeconds(20); i++)
            {
                await publisher.PublishAsync(key, $"{prefix}{i}", Message($"{prefix}{i}"), Cancellation);
                await Task.Delay(50, Cancellation);
                if (handlers.All(handler => handler.Done.ContainsKey($"{prefix}{i}")))
                {
                    return;
                }
            }

            Assert.Fail($"'{prefix}' did not reach both processes within 20 s.");
        }
    }

    private async Task WaitForQueueAsync(string queue)
    {
        await using var connection = await broker.ConnectAsync("probe", Cancellation);
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(20);)
        {
            try
            {
                await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
                await channel.QueueDeclarePassiveAsync(queue, Cancellation);
                if (await channel.ConsumerCountAsync(queue, Cancellation) > 0)
                {
                    return;
                }
            }
            catch (OperationInterruptedException)
            {
                // Not declared yet.
            }

            await Task.Delay(50, Cancellation);
        }
    }
}
