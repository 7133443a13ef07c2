using Grpc.AspNetCore.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Rlhf.Artifacts;
using Rlhf.Messaging;
using Rlhf.Reward.Engine;
using Rlhf.Reward.Http;
using Rlhf.Reward.Models;
using Rlhf.Reward.Scoring;
using Rlhf.ServiceDefaults;
using Rlhf.V1;
using StackExchange.Redis;
using static TorchSharp.torch;

namespace Rlhf.Reward;

/// <summary>Wires the Reward service's parts.</summary>
internal static class RewardServer
{
    private static readonly TimeSpan s_healthPeriod = TimeSpan.FromSeconds(5);

    public static void Configure(WebApplicationBuilder builder)
    {
        builder.AddServiceDefaults();
        builder.AddCallerAuthentication();
        builder.AddRabbitMQClient("messaging");
        builder.AddRedisClient("cache", settings => settings.DisableAutoActivation = false, FailFast);
        var services = builder.Services;
        services.AddValidatedOptions<RewardOptions>(RewardOptions.Section);
        services.AddValidatedOptions<VersionOptions>(VersionOptions.Section);
        services.AddValidatedOptions<ModelOptions>(ModelOptions.Section);
        services.AddValidatedOptions<DataOptions>(DataOptions.Section);
        services.AddValidatedOptions<TorchOptions>(TorchOptions.Section);
        services.AddRlhfGrpcClient<LearningService.LearningServiceClient>("learner");
        services.AddSingleton(provider => OpenCache(
            provider.GetRequiredService<DataOptions>().Path, provider.GetRequiredService<LearningService.LearningServiceClient>()));
        services.AddSingleton(provider => BaseModel.Load(
            provider.GetRequiredService<ModelOptions>().Path, provider.GetRequiredService<TorchOptions>().Device));
        services.AddSingleton<ConfiguredModels>();
        services.AddSingleton<RewardMetrics>();
        services.AddSingleton<ScoringEngine>();
        services.AddSingleton<VersionHealth>();
        services.AddSingleton<LoadedModels>();
        services.AddSingleton<CurrentVersions>();
        services.AddSingleton<RewardModelRegistry>();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<OptionalRedis>();
        services.AddSingleton<VersionAgreement>();
        services.AddSingleton<ScoreCache>();
        services.AddSingleton<SharedAnswers>();
        services.AddSingleton<Scorer>();
        services.AddSingleton<ShadowScorer>();
        services.AddSingleton<RoutedScorer>();
        services.AddSingleton<RecentAnswers>();
        services.AddSingleton<ScoreCalls>();
        services.AddSingleton<ScoreEndpoints>();
        services.AddHostedService<LatestVersionRefresher>();
        services.AddHostedService<CanaryWatcher>();
        services.AddHostedService(provider => provider.GetRequiredService<ShadowScorer>());
        // The entries of versions are set as they change, and the others with them.
        services.Configure<GrpcHealthChecksOptions>(static options => options.UseHealthChecksCache = true);
        services.Configure<HealthCheckPublisherOptions>(static options => (options.Delay, options.Period) = (TimeSpan.Zero, s_healthPeriod));

        var prefetch = builder.Configuration.GetValue($"{RewardOptions.Section}:{nameof(RewardOptions.Prefetch)}", RewardOptions.DefaultPrefetch);
        services.AddMessageConsumer<RolloutGenerated, RolloutGeneratedHandler>(QueueNames.RewardRollouts, RoutingKeys.RolloutsGenerated, prefetch);
        services.AddFanOutConsumer<VersionPublished, RewardModelPublishedHandler>(RoutingKeys.RewardModelPublished);
    }

    public static void Map(WebApplication app)
    {
        set_num_threads(app.Services.GetRequiredService<TorchOptions>().Threads);
        app.RequireCallersOnNetwork();
        // What is wrong stops the start, before anything is connected to.
        app.Services.GetRequiredService<RewardOptions>();
        app.Services.GetRequiredService<BaseModel>();
        foreach (var version in app.Services.GetRequiredService<ConfiguredModels>().Versions)
        {
            app.Services.GetRequiredService<VersionHealth>().Published(version.VersionId);
        }
        app.Services.GetRequiredService<VersionCache>();
        app.MapDefaultEndpoints();
        app.MapGrpcService<RewardGrpcService>();
        app.Services.GetRequiredService<ScoreEndpoints>().Map(app);
    }

    // Without Redis every item is scored, which is what it was to save: waiting for it would only cost more.
    private static void FailFast(ConfigurationOptions options)
    {
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.AsyncTimeout = 500;
        options.ConnectTimeout = 1000;
        options.LoggerFactory = NullLoggerFactory.Instance; // OptionalRedis says it once, the client would say it at every try
    }

    private static VersionCache OpenCache(string folder, LearningService.LearningServiceClient learner)
    {
        try
        {
            return new VersionCache(folder, learner);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The data folder '{folder}' can't be used ({exception.Message}); set Data:Path to one that this service may write to.", exception);
        }
    }
}
