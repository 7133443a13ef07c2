using System.ComponentModel.DataAnnotations;

namespace Rlhf.Messaging;

/// <summary>How failed messages are tried again. Configuration section "Messaging".</summary>
public sealed record MessagingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Messaging";

    /// <summary>Deliveries of a message before it becomes a dead letter, those that ended with a killed consumer included.</summary>
    [Range(1, BrokerTopology.DeliveryLimit)]
    public int MaxAttempts { get; init; } = 8;

    /// <summary>Wait before the second attempt; it doubles with each further one. The message holds its place in the prefetch meanwhile.</summary>
    [Range(1, 60_000)]
    public int FirstRetryDelayMilliseconds { get; init; } = 250;

    /// <summary>The longest wait between two attempts.</summary>
    [Range(1, 600_000)]
    public int MaxRetryDelayMilliseconds { get; init; } = 5_000;

    internal TimeSpan DelayAfter(int attempt) => TimeSpan.FromMilliseconds(
        Math.Min(FirstRetryDelayMilliseconds * Math.Pow(2, attempt - 1), MaxRetryDelayMilliseconds));
}
