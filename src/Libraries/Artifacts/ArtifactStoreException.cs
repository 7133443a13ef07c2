namespace Rlhf.Artifacts;

/// <summary>An artifact could not be stored or fetched; the message says why and what to do. Nothing half-written is left under its address.</summary>
public sealed class ArtifactStoreException : IOException
{
    /// <summary>Creates the error with a message that names the remedy.</summary>
    public ArtifactStoreException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with a message that names the remedy, and its cause.</summary>
    public ArtifactStoreException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates an error without details.</summary>
    public ArtifactStoreException()
    {
    }
}
