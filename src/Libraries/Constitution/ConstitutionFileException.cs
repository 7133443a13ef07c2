namespace Rlhf.Constitution;

/// <summary>A constitution that can't be used. The message is one sentence with the place and the remedy.</summary>
public sealed class ConstitutionFileException : Exception
{
    /// <summary>An error without words.</summary>
    public ConstitutionFileException()
    {
    }

    /// <summary>An error in one sentence.</summary>
    public ConstitutionFileException(string message)
        : base(message)
    {
    }

    /// <summary>An error in one sentence, and what caused it.</summary>
    public ConstitutionFileException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
