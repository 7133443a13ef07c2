using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Feedback;

/// <summary>Puts people's feedback together.</summary>
internal static class FeedbackServices
{
    public static IServiceCollection AddFeedback(this IServiceCollection services)
    {
        services.AddValidatedOptions<LabellingOptions>(LabellingOptions.Section);
        services.AddSingleton<WebAddress>();
        services.AddSingleton<Guidelines>();
        services.AddSingleton<LabellerAccounts>();
        services.AddSingleton<LeaseBook>();
        services.AddSingleton<LabelBook>();
        services.AddSingleton<ComparisonDesk>();
        services.AddHostedService<FirstLead>();
        return services;
    }
}
