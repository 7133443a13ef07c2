namespace Rlhf.BackingServers;

/// <summary>A backing server cannot be had or does not start; the message says why and what to do about it.</summary>
public sealed class BackingServerException : Exception
{
    /// <summary>A failure with its sentence.</summary>
    public BackingServerException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its sentence and what caused it.</summary>
    public BackingServerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
