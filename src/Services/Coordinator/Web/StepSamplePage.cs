namespace Rlhf.Coordinator.Web;

/// <summary>A page of the answers of one step.</summary>
/// <param name="Stages">Stages that have answers.</param>
/// <param name="Stage">The stage that is shown; null where there is none.</param>
/// <param name="Steps">Its steps.</param>
/// <param name="Step">The step that is shown.</param>
/// <param name="Page">The page, from 1.</param>
/// <param name="Pages">How many pages there are.</param>
/// <param name="Samples">The page's prompts.</param>
internal sealed record StepSamplePage(
    IReadOnlyList<string> Stages, string? Stage, IReadOnlyList<long> Steps, long Step, int Page, int Pages, IReadOnlyList<StepSample> Samples);
