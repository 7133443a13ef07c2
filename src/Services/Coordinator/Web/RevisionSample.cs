namespace Rlhf.Coordinator.Web;

/// <summary>An answer, what the last critique said of it, and its last revision.</summary>
internal sealed record RevisionSample(string ResponseId, string Prompt, string Answer, string Critique, string Revision, string Principle);
