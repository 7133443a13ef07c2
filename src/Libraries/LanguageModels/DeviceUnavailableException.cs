namespace Rlhf.LanguageModels;

/// <summary>A device that was asked for can't be used here; the message says what to do.</summary>
public sealed class DeviceUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException);
