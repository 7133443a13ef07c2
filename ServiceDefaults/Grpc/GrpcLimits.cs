namespace Rlhf.ServiceDefaults;

/// <summary>Sizes and counts that both ends of a gRPC call agree on.</summary>
public static class GrpcLimits
{
    /// <summary>The largest message sent or received, in bytes: 64 MiB.</summary>
    public const int MaxMessageBytes = 64 * 1024 * 1024;

    /// <summary>How often a call that finds a service unavailable is sent, the first time included.</summary>
    public const int MaxAttempts = 5;
}
