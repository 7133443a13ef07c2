namespace Rlhf.Generator.Requests;

/// <summary>More callers wait than the service was meant for.</summary>
internal sealed class OverCapacityException(string message) : Exception(message)
{
    /// <summary>When it makes sense to try again.</summary>
    public static TimeSpan RetryAfter { get; } = TimeSpan.FromSeconds(1);
}
