using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Rlhf.Clients.Reward.Internal;

/// <summary>gRPC channels over the replicas: calls take turns, and go to another replica where one is not to be had.</summary>
internal static class Channels
{
    /// <summary>The service's own limit.</summary>
    private const int MaxMessageBytes = 64 << 20;

    public static GrpcChannel Open(RewardClientOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            // A replica that died without closing its connection is noticed by pings, not by a call's deadline.
            KeepAlivePingDelay = TimeSpan.FromSeconds(15),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            UseProxy = false, // balancing connects to each replica itself
        };
        options.ConfigureHandler?.Invoke(handler);
        var replicas = options.Addresses.Select(address => new BalancerAddress(address.Host, address.Port)).ToArray();
        return GrpcChannel.ForAddress("static:///reward", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            Credentials = options.Addresses[0].Scheme == Uri.UriSchemeHttps ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure,
            UnsafeUseInsecureChannelCallCredentials = true, // RewardClientOptions.Validate has looked where secrets go
            ServiceProvider = new ServiceCollection()
                .AddSingleton<ResolverFactory>(new StaticResolverFactory(_ => replicas))
                .AddSingleton<LoadBalancerFactory>(new RestingRoundRobin.Factory(options.MaxBackoff))
                .BuildServiceProvider(),
            ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new LoadBalancingConfig(RestingRoundRobin.PolicyName) } },
            InitialReconnectBackoff = options.InitialBackoff,
            MaxReconnectBackoff = options.MaxBackoff,
            MaxSendMessageSize = MaxMessageBytes,
            MaxReceiveMessageSize = MaxMessageBytes,
        });
    }
}
