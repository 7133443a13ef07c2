using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Generator.Tests;

public sealed class RolloutTests(GeneratorFixture generator)
{
    [Fact]
    public async Task Each_request_is_answered_and_an_impossible_one_says_why()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var channel = await generator.Services.GetRequiredService<IConnection>().CreateChannelAsync(cancellationToken: cancellation);
        var queue = (await channel.QueueDeclareAsync(cancellationToken: cancellation)).QueueName;
        await channel.ExchangeDeclareAsync(BrokerTopology.Exchange, ExchangeType.Topic, durable: true, cancellationToken: cancellation);
        await channel.QueueBindAsync(queue, BrokerTopology.Exchange, RoutingKeys.RolloutsGenerated, cancellationToken: cancellation);
        var received = new ConcurrentDictionary<string, RolloutGenerated>();
        var all = new TaskCompletionSource();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            var message = RolloutGenerated.Parser.ParseFrom(delivery.Body.Span);
            received[message.PromptId] = message;
            if (received.Count == 20)
            {
                all.TrySetResult();
            }

            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, cancellation);

        var publisher = generator.Services.GetRequiredService<MessagePublisher>();
        for (var i = 0; i < 20; i++)
        {
            var request = GenerationServiceTests.Request(i == 7 ? string.Join(' ', Enumerable.Repeat("word", 5000)) : $"How do I find {i} keys?");
            await publisher.PublishAsync(
                RoutingKeys.RolloutsRequested,
                $"test/{i}",
                new RolloutRequested
                {
                    Header = new MessageHeader { MessageId = $"test/{i}", RunId = "test", Stage = "s", Step = 4 },
                    PromptId = $"p{i}",
                    Prompt = request.Prompt,
                    Sampling = request.Sampling,
                    Samples = 2,
                    RewardHead = "helpful",
                },
                cancellation);
        }

        await all.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellation);
        Assert.Equal(ErrorCode.TooLong, received["p7"].Error.Code);
        Assert.All(received.Values.Where(r => r.PromptId != "p7"), r =>
        {
            Assert.Null(r.Error);
            Assert.Equal(2, r.Samples.Count);
            Assert.Equal(4, r.Header.Step);
            Assert.Equal("helpful", r.RewardHead);
            Assert.Equal($"test/{r.PromptId[1..]}", r.Header.MessageId);
            Assert.All(r.Samples, s => Assert.Equal(s.TokenIds.Count, s.Logprobs.Count));
        });
    }
}
