using Rlhf.Coordinator.Prompts;

namespace Rlhf.Coordinator.Feedback;

/// <summary>A pair as a labeller sees it: nothing in it says which model wrote what.</summary>
/// <param name="LeaseId">Under which the label is handed in.</param>
/// <param name="RunId">The run.</param>
/// <param name="PairId">The pair.</param>
/// <param name="Turns">The conversation that both answers continue.</param>
/// <param name="First">The answer to be shown first.</param>
/// <param name="Second">The answer to be shown second.</param>
/// <param name="ExpiresUnixMs">When the pair may go to somebody else.</param>
/// <param name="GuidelinesHash">The guidelines that go with it.</param>
internal sealed record PairLease(
    string LeaseId, string RunId, string PairId, IReadOnlyList<Turn> Turns, string First, string Second, long ExpiresUnixMs, string GuidelinesHash);
