using Rlhf.V1;

namespace Rlhf.AppHost.Progress;

/// <summary>The last words about a run.</summary>
internal static class RunSummary
{
    public static IEnumerable<string> LinesOf(Run run)
    {
        var took = StageFigures.Duration(run.ElapsedSeconds);
        yield return run.State switch
        {
            RunState.Succeeded => $"The run {run.Name} (seed {run.Seed}) succeeded in {took}.",
            RunState.Cancelled => $"The run {run.Name} was cancelled after {took}.",
            _ => $"The run {run.Name} failed after {took}: {run.Error}",
        };
        foreach (var stage in run.Stages)
        {
            var refused = stage.Refused > 0 ? $", {stage.Refused} refused" : "";
            yield return $"  {stage.Name,-24} {stage.State,-10} {StageFigures.Duration(stage.Seconds),6}  {StageFigures.CountOf(stage)}{refused}  {stage.Detail}".TrimEnd();
        }
    }
}
