namespace Rlhf.Coordinator.Web.Labelling;

/// <summary>A page asks for a pair.</summary>
/// <param name="RunId">The run; empty for the one that is open.</param>
/// <param name="Held">Leases that the page has already.</param>
internal sealed record NextPairRequest(string RunId, IReadOnlyList<string> Held);
