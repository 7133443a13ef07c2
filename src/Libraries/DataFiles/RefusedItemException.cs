namespace Rlhf.DataFiles;

/// <summary>One item of a job's data can't be used; the others go on.</summary>
public sealed class RefusedItemException(string reason, string message) : ArgumentException(message)
{
    /// <summary>A short name under which such items are counted, e.g. "too_long".</summary>
    public string Reason { get; } = reason;
}
