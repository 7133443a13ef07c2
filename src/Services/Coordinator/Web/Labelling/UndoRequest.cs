namespace Rlhf.Coordinator.Web.Labelling;

/// <summary>A page takes its last label back.</summary>
/// <param name="RunId">The run.</param>
/// <param name="LeaseId">Of the last label; empty for whichever it was.</param>
internal sealed record UndoRequest(string RunId, string LeaseId);
