using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;

namespace Rlhf.RuleLabeller;

/// <summary>
/// The way to the Coordinator. A call that does not reach it is made again for about a minute, so that it may be started again
/// meanwhile: a label that was taken before its answer was lost counts once, and a lease without a label is given again.
/// </summary>
internal static class CoordinatorChannel
{
    private const int MaxAttempts = 20;

    private static readonly TimeSpan _firstWait = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan _longestWait = TimeSpan.FromSeconds(5);

    /// <summary>Opens it.</summary>
    public static GrpcChannel To(string address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        InitialReconnectBackoff = _firstWait,
        MaxReconnectBackoff = _longestWait, // by default minutes
        MaxRetryAttempts = MaxAttempts,
        ServiceConfig = new ServiceConfig
        {
            MethodConfigs =
            {
                new MethodConfig
                {
                    Names = { MethodName.Default },
                    RetryPolicy = new RetryPolicy
                    {
                        MaxAttempts = MaxAttempts,
                        InitialBackoff = _firstWait,
                        MaxBackoff = _longestWait,
                        BackoffMultiplier = 1.5,
                        RetryableStatusCodes = { StatusCode.Unavailable },
                    },
                },
            },
        },
    });
}
