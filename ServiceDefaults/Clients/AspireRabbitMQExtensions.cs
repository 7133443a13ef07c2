using Aspire.RabbitMQ.Client;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client;
using Rlhf.ServiceDefaults.Clients;

namespace Microsoft.Extensions.Hosting;

/// <summary>The RabbitMQ client, called as Aspire's package of this name is called.</summary>
public static class AspireRabbitMQExtensions
{
    private const string Section = "Aspire:RabbitMQ:Client";

    /// <summary>
    /// Registers one <see cref="IConnectionFactory"/> and one <see cref="IConnection"/>, with a health check and tracing.
    /// Settings come from <c>Aspire:RabbitMQ:Client</c>, then from the section of the connection's name below it;
    /// <c>ConnectionStrings:{connectionName}</c> wins over both.
    /// </summary>
    public static void AddRabbitMQClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<RabbitMQClientSettings>? configureSettings = null,
        Action<ConnectionFactory>? configureConnectionFactory = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);

        var section = builder.Configuration.GetSection(Section);
        var named = section.GetSection(connectionName);
        var settings = new RabbitMQClientSettings();
        section.Bind(settings);
        named.Bind(settings);
        settings.ConnectionString = builder.Configuration.GetConnectionString(connectionName) ?? settings.ConnectionString;
        configureSettings?.Invoke(settings);

        builder.Services.AddSingleton<IConnectionFactory>(_ =>
        {
            var factory = new ConnectionFactory();
            section.GetSection("ConnectionFactory").Bind(factory);
            named.GetSection("ConnectionFactory").Bind(factory);
            if (!string.IsNullOrEmpty(settings.ConnectionString))
            {
                factory.Uri = new Uri(settings.ConnectionString);
            }

            configureConnectionFactory?.Invoke(factory);
            return factory;
        });
        // Services are made synchronously, connections are not: the first to ask for one waits here.
        builder.Services.AddSingleton(provider => RabbitMQConnector
            .ConnectAsync(provider.GetRequiredService<IConnectionFactory>(), settings.MaxConnectRetryCount)
            .GetAwaiter().GetResult());
        if (!settings.DisableAutoActivation)
        {
            builder.Services.AddHostedService<ConnectAtStart<IConnection>>();
        }

        if (!settings.DisableTracing)
        {
            builder.Services.AddOpenTelemetry().WithTracing(static tracing => tracing.AddSource("RabbitMQ.Client.*"));
        }

        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                "RabbitMQ.Client", static provider => new RabbitMQHealthCheck(provider), failureStatus: null, tags: null));
        }
    }
}
