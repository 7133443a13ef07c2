namespace Rlhf.Clients.Reward;

/// <summary>Why an item has no score. The rest of the call has theirs.</summary>
/// <param name="Code">The kind.</param>
/// <param name="Message">The service's words.</param>
public sealed record ItemFailure(ItemFailureCode Code, string Message);
