using Microsoft.AspNetCore.DataProtection;
using Rlhf.Coordinator.Exchange;
using Rlhf.Coordinator.Web.Access;
using Rlhf.Coordinator.Web.Chat;
using Rlhf.Coordinator.Web.Labelling;
using Rlhf.Coordinator.Web.Layout;
using Rlhf.Coordinator.Web.Provenance;
using Rlhf.Coordinator.Web.Standings;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Coordinator.Web;

/// <summary>The console: Razor components rendered on the server, a few scripts for what is live, all of it from this process.</summary>
internal static class ConsoleServices
{
    private const string KeyFolder = "console-keys";

    /// <summary>Adds the pages and what they read.</summary>
    public static IServiceCollection AddConsole(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidatedOptions<ConsoleOptions>(ConsoleOptions.Section);
        services.AddRazorComponents();
        services.AddHttpContextAccessor();
        services.AddAntiforgery(static options => options.HeaderName = ConsoleSecurity.TokenHeader);

        // Beside the ledger, so that forms and sign-ins outlive a restart. The files are for their owner alone, so the warning that they are not
        // encrypted is left out of the log.
        if (configuration[$"{DataOptions.Section}:{nameof(DataOptions.Path)}"] is { Length: > 0 } folder)
        {
            services.AddDataProtection().SetApplicationName("rlhf-console").PersistKeysToFileSystem(new DirectoryInfo(Path.Combine(folder, KeyFolder)));
        }

        services.AddSingleton<VisitorAccess>();
        services.AddSingleton<VersionCatalog>();
        services.AddSingleton<ChatRelay>();
        services.AddRlhfGrpcClient<GenerationService.GenerationServiceClient>("generator");
        services.AddRlhfGrpcClient<RewardService.RewardServiceClient>("reward");
        services.AddSingleton<ProvenanceReader>();
        services.AddSingleton<PromptStandingsReader>();
        services.AddSingleton<StandingsBoard>();
        services.AddHostedService(static provider => provider.GetRequiredService<StandingsBoard>());
        services.AddSingleton<PageWarmUp>();
        services.AddHostedService(static provider => provider.GetRequiredService<PageWarmUp>());
        services.AddHealthChecks().AddCheck<PageWarmUp>("pages");
        services.AddSingleton<CurveReader>();
        services.AddSingleton<RunResultsReader>();
        services.AddSingleton<StepSampleReader>();
        return services;
    }

    /// <summary>Maps pages, their parts and the JSON interface.</summary>
    public static void MapConsole(this WebApplication app)
    {
        app.UseConsoleSecurity();
        app.UseConsoleErrors();
        app.UseAccessRules();
        app.UseUploadLimit();
        app.UseStaticFiles();
        app.UseAntiforgery();
        app.MapRunApi();
        app.MapParts();
        app.MapReportPage();
        app.MapLabellingApi();
        app.MapPeople();
        app.MapChatApi();
        app.MapRazorComponents<App>();
    }
}
