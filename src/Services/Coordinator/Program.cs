using Rlhf.Coordinator;
using Rlhf.ServiceDefaults;

return await ServiceHost.RunAsync(
    args,
    static builder =>
    {
        builder.AddServiceDefaults();
        builder.AddRabbitMQClient("messaging");
        builder.AddCoordinator();
    },
    CoordinatorServices.MapCoordinator);
