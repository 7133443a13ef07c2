using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Rlhf.Clients.Reward;

/// <summary>The client in an application's configuration and services.</summary>
public static class RewardClientExtensions
{
    /// <summary>The configuration section that has what is not in the service's addresses: ApiKey, Timeout and so on.</summary>
    public const string Section = "RewardClient";

    /// <summary>
    /// Reads the options: the section "RewardClient", and where that names no <see cref="RewardClientOptions.Addresses"/> the addresses that
    /// Aspire and the AppHost give: <c>services:reward:grpc:0</c>, <c>:1</c> and so on.
    /// </summary>
    /// <param name="configuration">The application's configuration.</param>
    /// <param name="serviceName">The service's name in the application model.</param>
    /// <exception cref="ArgumentException">There is no address.</exception>
    public static RewardClientOptions GetRewardClientOptions(this IConfiguration configuration, string serviceName = "reward")
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var section = configuration.GetSection(Section);
        var addresses = section.GetSection(nameof(RewardClientOptions.Addresses)).Get<Uri[]>()
            ?? configuration.GetSection($"services:{serviceName}:grpc").Get<Uri[]>()
            ?? throw new ArgumentException(
                $"Neither {Section}:{nameof(RewardClientOptions.Addresses)} nor services:{serviceName}:grpc:0 is set; give the address of the service.", nameof(configuration));
        var usual = new RewardClientOptions { Addresses = addresses };
        return usual with
        {
            ApiKey = section[nameof(RewardClientOptions.ApiKey)],
            AllowsSecretsInPlainText = section.GetValue(nameof(RewardClientOptions.AllowsSecretsInPlainText), usual.AllowsSecretsInPlainText),
            Timeout = section.GetValue(nameof(RewardClientOptions.Timeout), usual.Timeout),
            MaxAttempts = section.GetValue(nameof(RewardClientOptions.MaxAttempts), usual.MaxAttempts),
            InitialBackoff = section.GetValue(nameof(RewardClientOptions.InitialBackoff), usual.InitialBackoff),
            MaxBackoff = section.GetValue(nameof(RewardClientOptions.MaxBackoff), usual.MaxBackoff),
            MaxItemsInFlight = section.GetValue(nameof(RewardClientOptions.MaxItemsInFlight), usual.MaxItemsInFlight),
        };
    }

    /// <summary>Registers one <see cref="RewardClient"/> for the application, as its configuration says.</summary>
    public static IServiceCollection AddRewardClient(this IServiceCollection services, string serviceName = "reward") =>
        services.AddSingleton(provider => new RewardClient(provider.GetRequiredService<IConfiguration>().GetRewardClientOptions(serviceName)));
}
