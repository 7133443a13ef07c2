using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Services;
using Rlhf.Coordinator.Web;
using Rlhf.ServiceDefaults;

return await ServiceHost.RunAsync(
    args,
    static builder =>
    {
        builder.AddServiceDefaults();
        builder.AddRabbitMQClient("messaging");
        builder.AddCoordinator();
    },
    static app =>
    {
        LedgerDatabase.Open(app.Services.GetRequiredService<IDbContextFactory<LedgerContext>>());
        app.Services.GetRequiredService<RunEngine>().Prepare();
        app.MapDefaultEndpoints();
        app.MapGrpcService<RunGrpcService>();
        app.MapGrpcService<FeedbackGrpcService>();
        app.MapWebPage();
    });
