using Microsoft.Extensions.Configuration.Memory;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Rlhf.ServiceDefaults;

/// <summary>OpenTelemetry and the console's log format.</summary>
internal static class TelemetryExtensions
{
    /// <summary>Every ActivitySource and Meter of this system's own code carries this prefix.</summary>
    private const string OwnSources = "Rlhf.*";

    /// <summary>The levels a service logs at unless its configuration says otherwise.</summary>
    private static readonly KeyValuePair<string, string?>[] _logLevels =
    [
        new("Logging:LogLevel:Default", "Warning"),
        new("Logging:LogLevel:Rlhf", "Information"),
    ];

    /// <summary>Collects logs, metrics and traces, and sends them where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says, if it is set.</summary>
    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = _logLevels });
        builder.Logging.AddSimpleConsole(static options =>
        {
            options.SingleLine = true;
            options.TimestampFormat = "HH:mm:ss ";
        });
        builder.Logging.AddOpenTelemetry(static logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });

        var telemetry = builder.Services.AddOpenTelemetry()
            .WithMetrics(static metrics => metrics
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddMeter(OwnSources))
            .WithTracing(static tracing => tracing
                // Kestrel's own activity covers a gRPC call too. Probes would drown everything else.
                .AddAspNetCoreInstrumentation(static options => options.Filter = static context =>
                    !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
                    && !context.Request.Path.StartsWithSegments("/alive", StringComparison.Ordinal))
                .AddGrpcClientInstrumentation()
                .AddHttpClientInstrumentation()
                .AddSource("RabbitMQ.Client.*", OwnSources));

        if (!string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            telemetry.UseOtlpExporter();
        }
    }
}
