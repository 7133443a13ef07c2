using Rlhf.Artifacts;
using Rlhf.Generator.Engine;
using Rlhf.Generator.OpenAi;
using Rlhf.Generator.Requests;
using Rlhf.Messaging;
using Rlhf.ServiceDefaults;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Generator;

/// <summary>Wires the Generator's parts.</summary>
internal static class GeneratorServer
{
    public static void Configure(WebApplicationBuilder builder)
    {
        builder.AddServiceDefaults();
        builder.AddRabbitMQClient("messaging");
        var services = builder.Services;
        services.AddValidatedOptions<GeneratorOptions>(GeneratorOptions.Section);
        services.AddValidatedOptions<ModelOptions>(ModelOptions.Section);
        services.AddValidatedOptions<DataOptions>(DataOptions.Section);
        services.AddValidatedOptions<TorchOptions>(TorchOptions.Section);
        services.AddRlhfGrpcClient<LearningService.LearningServiceClient>("learner");
        services.AddSingleton(s => new VersionCache(
            s.GetRequiredService<DataOptions>().Path, s.GetRequiredService<LearningService.LearningServiceClient>()));
        services.AddSingleton(s => LoadTokenizer(s.GetRequiredService<ModelOptions>().Path));
        services.AddSingleton<VersionResolver>();
        services.AddSingleton<LoadedVersions>();
        services.AddSingleton<GenerationEngine>();
        services.AddHostedService(s => s.GetRequiredService<GenerationEngine>());
        services.AddSingleton<GeneratorMetrics>();
        services.AddSingleton<PromptEncoder>();
        services.AddSingleton<PromptSampler>();
        services.AddSingleton<WaitingRoom>();
        services.AddSingleton<CompletionRunner>();
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<ErrorResponses>();
        services.AddSingleton<OpenAiEndpoints>();

        var prefetch = builder.Configuration.GetSection(GeneratorOptions.Section).Get<GeneratorOptions>()?.Prefetch ?? new GeneratorOptions().Prefetch;
        services.AddMessageConsumer<RolloutRequested, RolloutRequestedHandler>(
            QueueNames.GeneratorRollouts, RoutingKeys.RolloutsRequested, checked((ushort)prefetch));
    }

    public static void Map(WebApplication app)
    {
        // A model that can't be loaded stops the start.
        app.Services.GetRequiredService<LoadedVersions>().LoadBase();
        app.MapDefaultEndpoints();
        app.MapGrpcService<GenerationGrpcService>();
        app.Services.GetRequiredService<OpenAiEndpoints>().Map(app);
    }

    private static TextTokenizer LoadTokenizer(string folder)
    {
        try
        {
            return TextTokenizer.Load(folder);
        }
        catch (InvalidDataException exception)
        {
            throw new StartupException(exception.Message, exception);
        }
    }
}
