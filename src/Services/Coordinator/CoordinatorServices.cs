using Microsoft.EntityFrameworkCore;
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
    /// <exception cref="StartupException">The data folder is unusable, or the ledger is to be in a database this version does not speak.</exception>
    public static IHostApplicationBuilder AddCoordinator(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddValidatedOptions<CoordinatorRunOptions>("Run");
        services.AddValidatedOptions<DataOptions>(DataOptions.Section);
        services.AddLedger(LedgerPath(builder.Configuration));
        services.AddMessagePublisher();
        services.AddRecording();
        services.AddFeedback();
        services.AddRlhfGrpcClient<LearningService.LearningServiceClient>("learner");
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<RunPlans>();
        services.AddSingleton<RunBoard>();
        services.AddSingleton<RunStore>();
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
        LedgerDatabase.Open(app.Services.GetRequiredService<IDbContextFactory<LedgerContext>>());
        app.Services.GetRequiredService<RunEngine>().Prepare();
        app.Services.GetRequiredService<Feedback.Guidelines>();
        app.MapDefaultEndpoints();
        app.MapGrpcService<RunGrpcService>();
        app.MapGrpcService<FeedbackGrpcService>();
        app.MapConsole();
    }

    private static string LedgerPath(IConfiguration configuration)
    {
        if (configuration.GetConnectionString("ledger") is { Length: > 0 })
        {
            throw new StartupException("ConnectionStrings:ledger is set, but this version keeps its ledger in SQLite only; leave it empty");
        }

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

        return Path.Combine(folder, LedgerFile);
    }
}
