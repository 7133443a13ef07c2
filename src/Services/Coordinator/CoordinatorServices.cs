using Rlhf.Coordinator.Exchange;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Recording;
using Rlhf.Coordinator.Reports;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Services;
using Rlhf.Coordinator.Web;
using Rlhf.Messaging;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Coordinator;

/// <summary>Puts the Coordinator together.</summary>
internal static class CoordinatorServices
{
    private const string LedgerFile = "ledger.db";

    /// <summary>Adds the ledger, the recording of facts and the run engine.</summary>
    /// <exception cref="StartupException">The data folder or the ledger's connection string is unusable.</exception>
    public static IHostApplicationBuilder AddCoordinator(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddValidatedOptions<CoordinatorRunOptions>("Run");
        services.AddValidatedOptions<DataOptions>(DataOptions.Section);
        AddLedger(services, builder.Configuration);
        services.AddMessagePublisher();
        services.AddRecording();
        services.AddFeedback();
        services.AddValidatedOptions<ImportOptions>(ImportOptions.Section);
        services.AddExchange();
        services.AddRlhfGrpcClient<LearningService.LearningServiceClient>("learner");
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<RunPlans>();
        services.AddSingleton<RunBoard>();
        services.AddSingleton<RunStore>();
        services.AddSingleton<RunSession>();
        services.AddSingleton<RequestCollector>();
        services.AddSingleton<LearnerJobs>();
        services.AddSingleton<RunExecutor>();
        services.AddSingleton<RunEngine>();
        services.AddSingleton<RunCommands>();
        services.AddSingleton<ReportBuilder>();
        services.AddConsole(builder.Configuration);
        services.AddHostedService(static provider => provider.GetRequiredService<RunEngine>());
        return builder;
    }

    /// <summary>Opens the ledger, reads the run that starts by itself, and maps the endpoints.</summary>
    /// <exception cref="StartupException">The ledger, the run file or the prompt file is unusable.</exception>
    public static void MapCoordinator(WebApplication app)
    {
        app.Services.GetRequiredService<ILedgerDatabase>().Open();
        app.Services.GetRequiredService<RunEngine>().Prepare();
        app.Services.GetRequiredService<Feedback.Guidelines>();
        app.MapDefaultEndpoints();
        app.MapGrpcService<RunGrpcService>();
        app.MapGrpcService<FeedbackGrpcService>();
        app.MapConsole();
        app.MapExchange();
    }

    // A connection string chooses PostgreSQL; without one, a file needs no server.
    private static void AddLedger(IServiceCollection services, IConfiguration configuration)
    {
        var folder = DataFolder(configuration);
        if (configuration.GetConnectionString("ledger") is { Length: > 0 } connectionString)
        {
            services.AddPostgreSqlLedger(connectionString);
        }
        else
        {
            services.AddSqliteLedger(Path.Combine(folder, LedgerFile));
        }
    }

    private static string DataFolder(IConfiguration configuration)
    {
        var folder = configuration[$"{DataOptions.Section}:{nameof(DataOptions.Path)}"];
        if (string.IsNullOrWhiteSpace(folder))
        {
            throw new StartupException("Data:Path is not set; give a folder that this service may write to");
        }

        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the data folder '{folder}' can't be made: {exception.Message}", exception);
        }

        return folder;
    }
}
