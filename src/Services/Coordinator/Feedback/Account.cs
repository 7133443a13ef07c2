namespace Rlhf.Coordinator.Feedback;

/// <summary>An account as leads see it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Role">What it may do.</param>
/// <param name="IsProgram">A program, not a person.</param>
/// <param name="CreatedBy">The lead who made it; empty for the first.</param>
/// <param name="CreatedUnixMs">When.</param>
/// <param name="IsRevoked">Closed by a lead.</param>
/// <param name="HasSignedIn">An invitation of it was used, or it has a token.</param>
internal sealed record Account(
    string Id, LabellerRole Role, bool IsProgram, string CreatedBy, long CreatedUnixMs, bool IsRevoked, bool HasSignedIn);
