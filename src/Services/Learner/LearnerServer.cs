using Rlhf.Artifacts;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Grpc;
using Rlhf.Learner.Jobs;
using Rlhf.Learner.Rollouts;
using Rlhf.Learner.StepLogs;
using Rlhf.Learner.Versions;
using Rlhf.Messaging;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Learner;

/// <summary>Wires the Learner's parts.</summary>
internal static class LearnerServer
{
    private const ushort RolloutPrefetch = 64; // handing over is all that a delivery costs

    public static void Configure(WebApplicationBuilder builder)
    {
        builder.AddServiceDefaults();
        builder.AddRabbitMQClient("messaging");
        builder.Services.AddMessageConsumer<RolloutScored, RolloutInbox>(QueueNames.LearnerRollouts, RoutingKeys.RolloutsScored, RolloutPrefetch);
        builder.Services.AddSingleton<Announce>(services => services.GetRequiredService<MessagePublisher>().PublishAsync);
        AddTraining(builder.Services);
    }

    /// <summary>Everything but the broker.</summary>
    public static void AddTraining(IServiceCollection services)
    {
        services.AddValidatedOptions<ModelOptions>(ModelOptions.Section);
        services.AddValidatedOptions<DataOptions>(DataOptions.Section);
        services.AddValidatedOptions<TorchOptions>(TorchOptions.Section);
        services.AddValidatedOptions<CheckpointOptions>(CheckpointOptions.Section);
        services.AddSingleton<RolloutInbox>();
        services.AddSingleton<BaseModel>();
        services.AddSingleton<DataFolder>();
        services.AddSingleton(provider => new ArtifactStore(provider.GetRequiredService<DataFolder>().Artifacts));
        services.AddSingleton(provider => new VersionCatalog(provider.GetRequiredService<DataFolder>().Versions));
        services.AddSingleton<PolicyLoader>();
        services.AddSingleton<VersionPublisher>();
        services.AddSingleton<LearnerMetrics>();
        services.AddValidatedOptions<StepLogOptions>(StepLogOptions.Section);
        services.AddSingleton<JobStepLogs>();
        services.AddSingleton<CheckpointFolders>();
        services.AddSingleton<JobIntake>();
        services.AddSingleton<JobQueue>();
        services.AddHostedService<TrainingThread>();
    }

    public static void Map(WebApplication app)
    {
        app.Services.GetRequiredService<BaseModel>(); // a bad one stops the start
        app.Services.GetRequiredService<JobIntake>(); // and so does a folder that can't be written
        app.MapDefaultEndpoints();
        app.MapGrpcService<LearningEndpoint>();
    }
}
