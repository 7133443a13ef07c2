using Aspire.StackExchange.Redis;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Rlhf.ServiceDefaults.Clients;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>The Redis client, called as Aspire's package of this name is called.</summary>
public static class AspireRedisExtensions
{
    private const string Section = "Aspire:StackExchange:Redis";

    /// <summary>
    /// Registers one <see cref="IConnectionMultiplexer"/>, with a health check. Settings come from
    /// <c>Aspire:StackExchange:Redis</c>, then from the section of the connection's name below it;
    /// <c>ConnectionStrings:{connectionName}</c> wins over both. A Redis that isn't there does not fail the start: the client
    /// goes on trying, and the health check says so.
    /// </summary>
    public static void AddRedisClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<StackExchangeRedisSettings>? configureSettings = null,
        Action<ConfigurationOptions>? configureOptions = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);

        var section = builder.Configuration.GetSection(Section);
        var named = section.GetSection(connectionName);
        var settings = new StackExchangeRedisSettings();
        section.Bind(settings);
        named.Bind(settings);
        settings.ConnectionString = builder.Configuration.GetConnectionString(connectionName) ?? settings.ConnectionString;
        configureSettings?.Invoke(settings);

        builder.Services.AddSingleton<IConnectionMultiplexer>(provider =>
        {
            var options = Parse(settings.ConnectionString);
            section.GetSection("ConfigurationOptions").Bind(options);
            named.GetSection("ConfigurationOptions").Bind(options);
            configureOptions?.Invoke(options);
            if (options.EndPoints.Count == 0)
            {
                throw new InvalidOperationException($"No Redis to connect to: set ConnectionStrings:{connectionName} or {Section}:ConnectionString.");
            }

            options.LoggerFactory ??= provider.GetService<ILoggerFactory>();
            return ConnectionMultiplexer.Connect(options);
        });
        if (!settings.DisableAutoActivation)
        {
            builder.Services.AddHostedService<ConnectAtStart<IConnectionMultiplexer>>();
        }

        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                "StackExchange.Redis", static provider => new RedisHealthCheck(provider), failureStatus: null, tags: null));
        }
    }

    private static ConfigurationOptions Parse(string? connectionString)
    {
        var options = string.IsNullOrEmpty(connectionString) ? new ConfigurationOptions() : ConfigurationOptions.Parse(connectionString);
        // A string may say so itself; one that doesn't gets the patient default.
        if (connectionString?.Contains("abortConnect", StringComparison.OrdinalIgnoreCase) != true)
        {
            options.AbortOnConnectFail = false;
        }

        return options;
    }
}
