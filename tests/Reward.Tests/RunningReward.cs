using System.Collections.Concurrent;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Rlhf.V1;

namespace Rlhf.Reward.Tests;

/// <summary>The whole Reward service in this process, on real servers, with a Learner that publishes what the test says.</summary>
internal sealed class RunningReward : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly GrpcChannel _channel;

    private RunningReward(WebApplication app, string folder, PublishingLearner learner, WarningLog log)
    {
        (_app, Folder, Learner, Log) = (app, folder, learner, log);
        Address = app.Urls.First(); // in the order of the endpoints' names: grpc, http
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Last()) };
        _channel = GrpcChannel.ForAddress(Address);
        Client = new RewardService.RewardServiceClient(_channel);
    }

    public string Folder { get; }

    public PublishingLearner Learner { get; }

    public WarningLog Log { get; }

    public RewardService.RewardServiceClient Client { get; }

    /// <summary>For the HTTP endpoint.</summary>
    public HttpClient Http { get; }

    /// <summary>Of the gRPC endpoint.</summary>
    public string Address { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<RunningReward> StartAsync(string messaging, string cache, params (string Key, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("rlhf-reward-").FullName;
        return await StartAsync(messaging, cache, folder, PublishingLearner.Start(Path.Combine(folder, "learner")), settings);
    }

    /// <summary>Another process of the same service, with the same Learner; it ends before the first.</summary>
    public Task<RunningReward> StartReplicaAsync(string messaging, string cache, params (string Key, string Value)[] settings) =>
        StartAsync(messaging, cache, Directory.CreateTempSubdirectory("rlhf-reward-").FullName, Learner, [("Versions:Group", Folder), .. settings]);

    private static async Task<RunningReward> StartAsync(
        string messaging, string cache, string folder, PublishingLearner learner, (string Key, string Value)[] settings)
    {
        var log = new WarningLog();
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kestrel:Endpoints:http:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:grpc:Url"] = "http://127.0.0.1:0",
            ["ConnectionStrings:messaging"] = messaging,
            ["ConnectionStrings:cache"] = cache,
            ["services:learner:grpc:0"] = learner.Address,
            ["Model:Path"] = TinyModels.WriteBase(Path.Combine(folder, "base")),
            ["Versions:Group"] = folder, // others in the same Redis use the same names of versions
            ["Data:Path"] = Path.Combine(folder, "data"),
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        RewardServer.Configure(builder);
        builder.Logging.ClearProviders().AddProvider(log);
        var app = builder.Build();
        RewardServer.Map(app);
        await app.StartAsync();
        return new RunningReward(app, folder, learner, log);
    }

    public async Task<ModelVersion> PublishAsync(string versionId, long seed, int poisonedId = -1, int members = 1, float poison = float.NaN) =>
        await Learner.PublishAsync(versionId, TinyModels.WriteRewardModel(FolderOf(versionId), seed, poisonedId, members, poison));

    /// <summary>Publishes a model with a head for each name; without figures of the heads, as before there were any, where none are given.</summary>
    public async Task<ModelVersion> PublishHeadsAsync(string versionId, long seed, string[] names, params IEnumerable<HeadNormalisation> heads) =>
        await Learner.PublishAsync(versionId, TinyModels.WriteRewardModel(FolderOf(versionId), seed, names), heads);

    public string FolderOf(string versionId) => Path.Combine(Folder, "made", versionId);

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Learner.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>The service's own warnings.</summary>
    internal sealed class WarningLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Warnings { get; } = new();

        public ILogger CreateLogger(string categoryName) =>
            categoryName.StartsWith("Rlhf.Reward", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Warnings.Enqueue(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
