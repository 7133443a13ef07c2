using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Rlhf.BackingServers;
using Rlhf.Judge.Tests;
using Rlhf.Messaging;
using Rlhf.V1;

[assembly: AssemblyFixture(typeof(RunningJudge))]

namespace Rlhf.Judge.Tests;

/// <summary>The whole Judge in this process, on a real RabbitMQ, with a scripted generator pool.</summary>
public sealed class RunningJudge : IAsyncLifetime
{
    private RabbitMqServer? _broker;
    private WebApplication? _app;
    private GrpcChannel? _channel;
    private ScriptedGenerator? _generator;

    public JudgingService.JudgingServiceClient Client => new(_channel);

    internal ScriptedGenerator Generator => _generator ?? throw new InvalidOperationException("The Judge is not running.");

    private IServiceProvider Services => _app?.Services ?? throw new InvalidOperationException("The Judge is not running.");

    public async ValueTask InitializeAsync()
    {
        _generator = ScriptedGenerator.Start();
        _broker = await RabbitMqServer.StartAsync(new BackingServerOptions(), CancellationToken.None);
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kestrel:Endpoints:http:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:grpc:Url"] = "http://127.0.0.1:0",
            ["ConnectionStrings:messaging"] = _broker.ConnectionString,
            ["services:generator:grpc:0"] = _generator.Address,
            ["Judge:PatienceSeconds"] = "0",
        });
        JudgeServer.Configure(builder);
        builder.Logging.ClearProviders();
        _app = builder.Build();
        JudgeServer.Map(_app);
        await _app.StartAsync();
        _channel = GrpcChannel.ForAddress(_app.Urls.First()); // in the order of the endpoints' names
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }
        if (_generator is not null)
        {
            await _generator.DisposeAsync();
        }
    }

    public Task PublishAsync(string routingKey, MessageHeader header, IMessage message) =>
        Services.GetRequiredService<MessagePublisher>().PublishAsync(routingKey, header.MessageId, message, TestContext.Current.CancellationToken);

    /// <summary>All messages of a key from now on, with their ids.</summary>
    internal async Task<ChannelReader<(string MessageId, T Message)>> ListenAsync<T>(string routingKey, MessageParser<T> parser)
        where T : IMessage<T>
    {
        var cancellation = TestContext.Current.CancellationToken;
        var facts = Channel.CreateUnbounded<(string, T)>();
        var channel = await Services.GetRequiredService<IConnection>().CreateChannelAsync(cancellationToken: cancellation);
        await channel.ExchangeDeclareAsync(BrokerTopology.Exchange, ExchangeType.Topic, durable: true, cancellationToken: cancellation);
        var queue = (await channel.QueueDeclareAsync(cancellationToken: cancellation)).QueueName;
        await channel.QueueBindAsync(queue, BrokerTopology.Exchange, routingKey, cancellationToken: cancellation);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
            facts.Writer.WriteAsync((delivery.BasicProperties.MessageId ?? "", parser.ParseFrom(delivery.Body.Span))).AsTask();
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, cancellation);
        return facts.Reader;
    }
}
