namespace Rlhf.ModelHub;

/// <summary>A model could not be had from the hub; the message is one sentence that says why and what to do.</summary>
public sealed class HubException(string message, Exception? innerException = null) : Exception(message, innerException);
