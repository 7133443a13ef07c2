namespace Rlhf.Coordinator.Feedback;

/// <summary>One labeller's share of a stage, undone labels left out.</summary>
/// <param name="LabellerId">The account.</param>
/// <param name="IsProgram">Any of them came from a program.</param>
/// <param name="Counted">Labels that count.</param>
/// <param name="Repeats">Labels of pairs shown again.</param>
/// <param name="Ties">Ties and "both bad".</param>
/// <param name="Skipped">Skips.</param>
/// <param name="Flagged">Flags.</param>
/// <param name="MeanElapsedMs">Mean time at work on one pair.</param>
internal sealed record LabellerProgress(
    string LabellerId, bool IsProgram, int Counted, int Repeats, int Ties, int Skipped, int Flagged, double MeanElapsedMs);
