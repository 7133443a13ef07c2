namespace Rlhf.Coordinator.Web.Labelling;

/// <summary>A page asks how far a stage's labels are.</summary>
/// <param name="RunId">The run; empty for the one that is open.</param>
internal sealed record ProgressRequest(string RunId);
