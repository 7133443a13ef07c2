using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Rlhf.ServiceDefaults;

/// <summary>What every service has: telemetry, health, service discovery and a gRPC server that reports errors one way.</summary>
public static class ServiceDefaultsExtensions
{
    private const string LiveTag = "live";

    /// <summary>How long a service has, once asked to stop, before its host gives up on work in flight.</summary>
    private static readonly TimeSpan _shutdownTimeout = TimeSpan.FromSeconds(8);

    /// <summary>
    /// Adds logs, metrics and traces, health checks, service discovery and the gRPC server. gRPC services are still mapped by
    /// the service itself with <c>app.MapGrpcService</c>. The standard HTTP resilience handler is left out on purpose: it cuts
    /// every call at ten seconds, and sampling takes longer; calls carry deadlines instead.
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.AddTelemetry();
        builder.Services.AddServiceDiscovery();
        builder.Services.AddHealthChecks().AddCheck("self", static () => HealthCheckResult.Healthy(), [LiveTag]);
        builder.Services.AddGrpc(static options =>
        {
            options.MaxReceiveMessageSize = GrpcLimits.MaxMessageBytes;
            options.MaxSendMessageSize = GrpcLimits.MaxMessageBytes;
            options.Interceptors.Add<ErrorInterceptor>();
        });
        builder.Services.AddGrpcReflection();
        builder.Services.AddGrpcHealthChecks();
        builder.Services.Configure<KestrelServerOptions>(static options => options.Limits.MaxRequestBodySize = GrpcLimits.MaxMessageBytes);
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = _shutdownTimeout);
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (every check), <c>/alive</c> (only that the process answers), the standard gRPC health service and
    /// gRPC reflection.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealthChecks("/health").AllowAnonymous();
        app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = static check => check.Tags.Contains(LiveTag) }).AllowAnonymous();
        app.MapGrpcHealthChecksService().AllowAnonymous();
        app.MapGrpcReflectionService();
        return app;
    }
}
