using System.Text.Json;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Rlhf.BackingServers;
using Rlhf.LanguageModels;
using Rlhf.Reward;
using Rlhf.Reward.Tests;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks;

/// <summary>The whole Reward service in this process on loopback, with real Redis and RabbitMQ, and random weights of a given shape.</summary>
internal sealed class RewardBenchmarkService : IAsyncDisposable
{
    private const int ByteTokens = 256;
    private readonly WebApplication _app;
    private readonly PublishingLearner _learner;
    private readonly string _folder;
    private readonly ModelConfig _shape;
    private readonly RabbitMqServer _broker;
    private readonly RedisServer _redis;

    private RewardBenchmarkService(WebApplication app, PublishingLearner learner, string folder, ModelConfig shape, string address, RabbitMqServer broker, RedisServer redis)
    {
        (_app, _learner, _folder, _shape, Address, _broker, _redis) = (app, learner, folder, shape, address, broker, redis);
    }

    public string Address { get; }

    /// <summary>A token a byte and the end of sequence.</summary>
    public static int EosId => ByteTokens;

    public static async Task<RewardBenchmarkService> StartAsync(ModelConfig shape, int threads)
    {
        var broker = await RabbitMqServer.StartAsync(new BackingServerOptions(), CancellationToken.None);
        var redis = await RedisServer.StartAsync(new BackingServerOptions(), CancellationToken.None);
        var folder = Directory.CreateTempSubdirectory("rlhf-benchmark-").FullName;
        var learner = PublishingLearner.Start(Path.Combine(folder, "learner"));
        var baseFolder = Directory.CreateDirectory(Path.Combine(folder, "base")).FullName;
        File.WriteAllText(Path.Combine(baseFolder, "config.json"), shape.ToJson(EosId, EosId));
        WriteTokenizer(baseFolder);
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kestrel:Endpoints:http:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:http:Protocols"] = "Http1",
            ["Kestrel:Endpoints:grpc:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:grpc:Protocols"] = "Http2",
            ["ConnectionStrings:messaging"] = broker.ConnectionString,
            ["ConnectionStrings:cache"] = redis.ConnectionString,
            ["services:learner:grpc:0"] = learner.Address,
            ["Model:Path"] = baseFolder,
            ["Data:Path"] = Path.Combine(folder, "data"),
            ["Torch:Threads"] = $"{threads}",
            ["Reward:RefreshSeconds"] = "3600", // a version takes over when the benchmark says
        });
        RewardServer.Configure(builder);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        RewardServer.Map(app);
        await app.StartAsync();
        return new RewardBenchmarkService(app, learner, folder, shape, app.Urls.First(), broker, redis); // in the order of the endpoints' names
    }

    /// <summary>Publishes a reward model of random weights; returns its folder.</summary>
    public async Task<string> PublishAsync(string versionId, long seed)
    {
        var folder = Path.Combine(_folder, versionId);
        using (no_grad())
        {
            using var model = new RewardModel(CausalLanguageModel.Create(_shape, seed), RewardHead.CreateRandom(_shape.HiddenSize, members: 1, seed));
            model.Save(folder, EosId, EosId);
        }
        WriteTokenizer(folder);
        await _learner.PublishAsync(versionId, folder);
        return folder;
    }

    /// <summary>A client with a connection of its own.</summary>
    public (RewardService.RewardServiceClient Client, GrpcChannel Channel) Connect()
    {
        var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { MaxReceiveMessageSize = null });
        return (new RewardService.RewardServiceClient(channel), channel);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _learner.DisposeAsync();
        await _broker.DisposeAsync();
        await _redis.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static void WriteTokenizer(string folder)
    {
        // GPT-2's table: printable bytes stand for themselves, the others for the characters from U+0100 on.
        var next = 0x100;
        var vocabulary = Enumerable.Range(0, ByteTokens).ToDictionary(
            value => ((char)(value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? value : next++)).ToString(), value => value);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), JsonSerializer.Serialize(new
        {
            added_tokens = new[] { new { id = EosId, content = "</s>", special = true } },
            pre_tokenizer = new { type = "ByteLevel", add_prefix_space = false },
            model = new { type = "BPE", vocab = vocabulary, merges = Array.Empty<string>() },
        }));
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"eos_token": "</s>", "add_bos_token": false}""");
    }
}
