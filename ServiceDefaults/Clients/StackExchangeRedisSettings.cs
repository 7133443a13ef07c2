namespace Aspire.StackExchange.Redis;

/// <summary>Settings of the Redis client, under the same keys as Aspire's package of this name.</summary>
public sealed class StackExchangeRedisSettings
{
    /// <summary>Where Redis is and how to log in, for example <c>localhost:6379,password=…</c>.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Leaves out the health check.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Leaves out tracing of commands.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>Connects on first use (true, the default) or when the service starts.</summary>
    public bool DisableAutoActivation { get; set; } = true;
}
