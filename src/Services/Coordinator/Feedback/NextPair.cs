namespace Rlhf.Coordinator.Feedback;

/// <summary>The answer to a request for a pair: the lease, or why there is none.</summary>
internal sealed record NextPair(PairLease? Lease, NoPair? Reason);
