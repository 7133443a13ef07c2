using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace Rlhf.ServiceDefaults;

/// <summary>gRPC clients of other services of the system.</summary>
public static class GrpcClientExtensions
{
    /// <summary>
    /// Registers <typeparamref name="TClient"/> for the service of that name. The address is looked up anew for each call, so
    /// calls spread over all replicas, and a call that finds its replica gone (UNAVAILABLE) goes to the next one.
    /// </summary>
    /// <param name="services">The services to add the client to.</param>
    /// <param name="serviceName">The resource name: "generator", "judge", "reward", "learner" or "coordinator".</param>
    public static IHttpClientBuilder AddRlhfGrpcClient<TClient>(this IServiceCollection services, string serviceName)
        where TClient : ClientBase<TClient>
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(serviceName);
        return services
            .AddGrpcClient<TClient>(options =>
            {
                // "_grpc." picks the endpoint of that name: the configuration's services:NAME:grpc:N.
                options.Address = new Uri($"http://_grpc.{serviceName}");
                options.ChannelOptionsActions.Add(static channel =>
                {
                    channel.MaxReceiveMessageSize = GrpcLimits.MaxMessageBytes;
                    channel.MaxSendMessageSize = GrpcLimits.MaxMessageBytes;
                    // A call larger than these buffers would not be retried, and nothing would say so.
                    channel.MaxRetryBufferPerCallSize = GrpcLimits.MaxMessageBytes;
                    channel.MaxRetryBufferSize = 8L * GrpcLimits.MaxMessageBytes;
                    channel.MaxRetryAttempts = GrpcLimits.MaxAttempts;
                    channel.ServiceConfig = new ServiceConfig { MethodConfigs = { RetryWhenUnavailable() } };
                });
            })
            .ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler
            {
                EnableMultipleHttp2Connections = true,
                ConnectTimeout = TimeSpan.FromSeconds(5),
                // A replica that died without closing its connection is noticed by pings, not by a call's deadline.
                KeepAlivePingDelay = TimeSpan.FromSeconds(30),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(30),
                // Services talk to each other directly, whatever proxy the machine uses for the outside.
                UseProxy = false,
            })
            .AddServiceDiscovery();
    }

    private static MethodConfig RetryWhenUnavailable() => new()
    {
        Names = { MethodName.Default },
        RetryPolicy = new RetryPolicy
        {
            MaxAttempts = GrpcLimits.MaxAttempts,
            InitialBackoff = TimeSpan.FromMilliseconds(200),
            MaxBackoff = TimeSpan.FromSeconds(3),
            BackoffMultiplier = 2,
            RetryableStatusCodes = { StatusCode.Unavailable },
        },
    };
}
