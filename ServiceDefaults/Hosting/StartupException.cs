namespace Rlhf.ServiceDefaults;

/// <summary>
/// A service cannot start, for a reason its user can mend: the message is one sentence saying what is wrong and what would be
/// right. <see cref="ServiceHost"/> prints it and ends with <see cref="ServiceHost.StartupFailed"/>, without a stack trace.
/// </summary>
public sealed class StartupException : Exception
{
    /// <summary>A failure with its sentence.</summary>
    public StartupException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its sentence and what caused it.</summary>
    public StartupException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
