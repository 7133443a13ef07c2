namespace Rlhf.LanguageModels.Sampling;

/// <summary>A request needs more memory for keys and values than there is, whatever else runs.</summary>
public sealed class RequestTooLargeException(string message) : ArgumentException(message);
