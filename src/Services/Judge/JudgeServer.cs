using Rlhf.Constitution;
using Rlhf.Judge.Comparing;
using Rlhf.Judge.Generating;
using Rlhf.Judge.Revising;
using Rlhf.Messaging;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Judge;

/// <summary>Wires the Judge's parts.</summary>
internal static class JudgeServer
{
    public static void Configure(WebApplicationBuilder builder)
    {
        builder.AddServiceDefaults();
        builder.AddRabbitMQClient("messaging");
        builder.Services.AddValidatedOptions<JudgeOptions>(JudgeOptions.Section);
        builder.Services.AddValidatedOptions<ConstitutionOptions>(ConstitutionOptions.Section);
        builder.Services.AddSingleton(services => ConstitutionOptions.Load(services.GetRequiredService<ConstitutionOptions>().Path));
        builder.Services.AddRlhfGrpcClient<GenerationService.GenerationServiceClient>("generator");
        builder.Services.AddSingleton<GeneratorPool>();
        builder.Services.AddSingleton<JudgeMetrics>();
        builder.Services.AddSingleton<Writer>();
        builder.Services.AddSingleton<Comparer>();
        builder.Services.AddSingleton<RevisionLoop>();

        var prefetch = builder.Configuration.GetValue($"{JudgeOptions.Section}:{nameof(JudgeOptions.Prefetch)}", JudgeOptions.DefaultPrefetch);
        builder.Services.AddMessageConsumer<RevisionRequested, RevisionRequestedHandler>(
            QueueNames.JudgeRevisions, RoutingKeys.RevisionsRequested, prefetch);
        builder.Services.AddMessageConsumer<ComparisonRequested, ComparisonRequestedHandler>(
            QueueNames.JudgeComparisons, RoutingKeys.ComparisonsRequested, prefetch);
    }

    public static void Map(WebApplication app)
    {
        // What is wrong stops the start, before anything is connected to.
        app.Services.GetRequiredService<JudgeOptions>();
        app.Services.GetRequiredService<ConstitutionFile>();
        app.MapDefaultEndpoints();
        app.MapGrpcService<JudgingGrpcService>();
    }
}
