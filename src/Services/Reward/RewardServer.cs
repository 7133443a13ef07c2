using Rlhf.Artifacts;
using Rlhf.Messaging;
using Rlhf.Reward.Engine;
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
    public static void Configure(WebApplicationBuilder builder)
    {
        builder.AddServiceDefaults();
        builder.AddRabbitMQClient("messaging");
        builder.AddRedisClient("cache", settings => settings.DisableAutoActivation = false, FailFast);
        var services = builder.Services;
        services.AddValidatedOptions<RewardOptions>(RewardOptions.Section);
        services.AddValidatedOptions<ModelOptions>(ModelOptions.Section);
        services.AddValidatedOptions<DataOptions>(DataOptions.Section);
        services.AddValidatedOptions<TorchOptions>(TorchOptions.Section);
        services.AddRlhfGrpcClient<LearningService.LearningServiceClient>("learner");
        services.AddSingleton(provider => new VersionCache(
            provider.GetRequiredService<DataOptions>().Path, provider.GetRequiredService<LearningService.LearningServiceClient>()));
        services.AddSingleton(provider => BaseModel.Load(provider.GetRequiredService<ModelOptions>().Path));
        services.AddSingleton<RewardMetrics>();
        services.AddSingleton<ScoringEngine>();
        services.AddSingleton<RewardModelRegistry>();
        services.AddSingleton<ScoreCache>();
        services.AddSingleton<Scorer>();
        services.AddSingleton<RecentAnswers>();
        services.AddHostedService<LatestVersionRefresher>();

        var prefetch = builder.Configuration.GetValue($"{RewardOptions.Section}:{nameof(RewardOptions.Prefetch)}", RewardOptions.DefaultPrefetch);
        services.AddMessageConsumer<RolloutGenerated, RolloutGeneratedHandler>(QueueNames.RewardRollouts, RoutingKeys.RolloutsGenerated, prefetch);
        services.AddFanOutConsumer<VersionPublished, RewardModelPublishedHandler>(RoutingKeys.RewardModelPublished);
    }

    public static void Map(WebApplication app)
    {
        set_num_threads(app.Services.GetRequiredService<TorchOptions>().Threads);
        app.Services.GetRequiredService<BaseModel>(); // one that can't be read stops the start
        app.MapDefaultEndpoints();
        app.MapGrpcService<RewardGrpcService>();
    }

    // Without Redis every item is scored, which is what it was to save: waiting for it would only cost more.
    private static void FailFast(ConfigurationOptions options)
    {
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.AsyncTimeout = 500;
        options.ConnectTimeout = 1000;
    }
}
