namespace Rlhf.AppHost;

/// <summary>Something the user can mend; the message is the sentence to show.</summary>
internal sealed class UserErrorException(string message) : Exception(message);
