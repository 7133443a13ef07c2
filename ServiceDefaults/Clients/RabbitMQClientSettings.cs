namespace Aspire.RabbitMQ.Client;

/// <summary>Settings of the RabbitMQ client, under the same keys as Aspire's package of this name.</summary>
public sealed class RabbitMQClientSettings
{
    /// <summary>Where the broker is and how to log in, for example <c>amqp://user:password@localhost:5672</c>.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>How often connecting is tried again, with waits of 1, 2, 4, … seconds. 0 tries once.</summary>
    public int MaxConnectRetryCount { get; set; } = 5;

    /// <summary>Leaves out the health check.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Leaves out tracing of published and delivered messages.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>Connects on first use (true, the default) or when the service starts.</summary>
    public bool DisableAutoActivation { get; set; } = true;
}
