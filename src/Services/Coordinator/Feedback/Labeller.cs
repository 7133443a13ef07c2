namespace Rlhf.Coordinator.Feedback;

/// <summary>Whoever is calling, known by a secret of theirs.</summary>
/// <param name="Id">The account's name.</param>
/// <param name="Role">What they may do.</param>
/// <param name="IsProgram">Whether what they label is a program's work: the account is a program's, or they came with an API token.</param>
internal sealed record Labeller(string Id, LabellerRole Role, bool IsProgram);
