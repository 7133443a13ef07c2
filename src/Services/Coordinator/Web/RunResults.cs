namespace Rlhf.Coordinator.Web;

/// <summary>What a run's page shows of its results; a few samples of everything, whatever the run's size.</summary>
/// <param name="Revisions">Answers before and after critique and revision.</param>
/// <param name="Answers">Answers of the run's models to held-out prompts, side by side.</param>
/// <param name="Ratings">Rated answers to some prompts.</param>
internal sealed record RunResults(
    IReadOnlyList<RevisionSample> Revisions, IReadOnlyList<AnswerSample> Answers, IReadOnlyList<RatedPrompt> Ratings);
