namespace Rlhf.Learner.CommandLine.Configuration;

/// <summary>A config file asks for what cannot be; the message has the file and the line.</summary>
internal sealed class ConfigException(string message) : Exception(message);
