using System.Collections.Concurrent;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.Learner.Rollouts;
using Rlhf.Learner.Versions;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Learner.Tests;

/// <summary>The service in this process, on a real model, with the broker's place taken by a function.</summary>
internal sealed class LearnerHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly GrpcChannel _channel;
    private readonly string _data;

    private LearnerHost(WebApplication app, string data, ConcurrentQueue<VersionPublished> published)
    {
        _data = data;
        _app = app;
        Published = published;
        _channel = GrpcChannel.ForAddress("http://learner", new GrpcChannelOptions { HttpHandler = app.GetTestServer().CreateHandler() });
        Client = new LearningService.LearningServiceClient(_channel);
    }

    public LearningService.LearningServiceClient Client { get; }

    public ConcurrentQueue<VersionPublished> Published { get; }

    /// <summary>Starts it.</summary>
    /// <param name="data">Its folder.</param>
    /// <param name="answer">Gets each rollout request and gives the scored rollout.</param>
    public static async Task<LearnerHost> StartAsync(string data, Func<RolloutRequested, RolloutScored>? answer = null)
    {
        var model = Testing.Fixtures.Path("models/stories260K/hf");
        var published = new ConcurrentQueue<VersionPublished>();
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Configuration["Model:Path"] = model;
        builder.Configuration["Data:Path"] = data;
        builder.Configuration["Torch:Threads"] = "1";
        builder.AddServiceDefaults();
        builder.Services.AddSingleton<Announce>(services => (_, _, message, cancellationToken) =>
            Announce(services.GetRequiredService<RolloutInbox>(), published, answer, message, cancellationToken));
        LearnerServer.AddTraining(builder.Services);
        var app = builder.Build();
        LearnerServer.Map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new LearnerHost(app, data, published);
    }

    /// <summary>Starts a job from messages of at most a few items, as a client would.</summary>
    public async Task<Job> StartJobAsync(JobSpecification specification, params JobData[] data)
    {
        using var call = Client.StartJob(cancellationToken: TestContext.Current.CancellationToken);
        await call.RequestStream.WriteAsync(new StartJobRequest { Specification = specification });
        foreach (var part in data)
        {
            await call.RequestStream.WriteAsync(new StartJobRequest { Data = part });
        }

        await call.RequestStream.CompleteAsync();
        return await call;
    }

    /// <summary>Watches a job to its end, and returns the last message with the metrics of all.</summary>
    public async Task<Job> WatchAsync(string jobId)
    {
        var metrics = new List<StepMetrics>();
        using var call = Client.WatchJob(new WatchJobRequest { JobId = jobId }, cancellationToken: TestContext.Current.CancellationToken);
        var last = new Job();
        while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
        {
            last = call.ResponseStream.Current;
            metrics.AddRange(last.Metrics);
        }

        last.Metrics.Clear();
        last.Metrics.AddRange(metrics);
        return last;
    }

    /// <summary>Downloads a version's files into a new folder below the data folder, each in two goes, as after a broken download.</summary>
    public async Task<string> DownloadAsync(ModelVersion version)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_data, "downloads", Guid.NewGuid().ToString("N"))).FullName;
        foreach (var file in version.Files)
        {
            var head = await ReadAsync(file.Sha256, 0);
            var split = head.Length / 3;
            var tail = await ReadAsync(file.Sha256, split);
            byte[] content = [.. head.AsSpan(0, split), .. tail];
            Assert.Equal(file.Sha256, Convert.ToHexStringLower(SHA256.HashData(content)));
            Assert.Equal(file.SizeBytes, content.Length);
            await File.WriteAllBytesAsync(Path.Combine(folder, file.Name), content, TestContext.Current.CancellationToken);
        }

        return folder;
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _app.DisposeAsync();
    }

    private async Task<byte[]> ReadAsync(string sha256, long offset)
    {
        using var call = Client.Download(new DownloadRequest { Sha256 = sha256, Offset = offset }, cancellationToken: TestContext.Current.CancellationToken);
        using var content = new MemoryStream();
        while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
        {
            call.ResponseStream.Current.Data.WriteTo(content);
        }

        return content.ToArray();
    }

    private static Task Announce(
        RolloutInbox inbox,
        ConcurrentQueue<VersionPublished> published,
        Func<RolloutRequested, RolloutScored>? answer,
        IMessage message,
        CancellationToken cancellationToken)
    {
        switch (message)
        {
            case VersionPublished version:
                published.Enqueue(version);
                return Task.CompletedTask;
            case RolloutRequested request when answer is not null:
                return inbox.HandleAsync(answer(request), cancellationToken);
            default:
                throw new ArgumentException($"Nobody asked for {message.Descriptor.Name}.", nameof(message));
        }
    }
}
