namespace Rlhf.Coordinator.Web;

/// <summary>What the web page shows of a run beside its stages.</summary>
/// <param name="Curves">Training figures, step by step.</param>
/// <param name="Revisions">Answers before and after critique and revision.</param>
/// <param name="Answers">Answers of the run's models to held-out prompts, side by side.</param>
/// <param name="Ratings">Rated answers to some prompts.</param>
internal sealed record RunDetails(
    IReadOnlyList<Curve> Curves,
    IReadOnlyList<RevisionSample> Revisions,
    IReadOnlyList<AnswerSample> Answers,
    IReadOnlyList<RatedPrompt> Ratings);
