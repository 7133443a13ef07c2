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

    /// <summary>Opens it.</summary>
    public static GrpcChannel To(string address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
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
                        InitialBackoff = TimeSpan.FromSeconds(0.2),
                        MaxBackoff = TimeSpan.FromSeconds(5),
                        BackoffMultiplier = 1.5,
                        RetryableStatusCodes = { StatusCode.Unavailable },
                    },
                },
            },
        },
    });
}
