using System.Diagnostics;
using Rlhf.V1;

namespace Rlhf.AppHost.Progress;

/// <summary>One line a change, for logs and pipes; counts at most every five seconds.</summary>
internal sealed class PlainRunDisplay : IRunDisplay
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(5);

    public async Task<Run> ShowAsync(IAsyncEnumerable<Run> states)
    {
        var last = new Run();
        var shownAt = 0L;
        var shown = new Dictionary<string, string>();
        await foreach (var run in states)
        {
            last = run;
            foreach (var stage in run.Stages.Where(static stage => stage.State is not (StageState.Waiting or StageState.Unspecified)))
            {
                var state = stage.State.ToString();
                var line = LineOf(run, stage);
                var isNew = !shown.TryGetValue(stage.Name, out var before) || !before.StartsWith(state, StringComparison.Ordinal);
                if (isNew || (before != state + line && Stopwatch.GetElapsedTime(shownAt) > _interval))
                {
                    Terminal.WriteLine(line);
                    shown[stage.Name] = state + line;
                    shownAt = Stopwatch.GetTimestamp();
                }
            }
        }

        return last;
    }

    private static string LineOf(Run run, RunStage stage)
    {
        var state = stage.State switch
        {
            StageState.Succeeded => $"done in {StageFigures.Duration(stage.Seconds)}",
            StageState.Failed => "failed",
            _ => "",
        };
        string[] parts = [state, StageFigures.CountOf(stage), StageFigures.RateOf(stage), StageFigures.RemainingOf(stage), stage.Refused > 0 ? $"{stage.Refused} refused" : "", stage.Detail];
        return $"[{run.Stages.IndexOf(stage) + 1}/{run.Stages.Count}] {stage.Name}: {string.Join(", ", parts.Where(static part => part.Length > 0))}".TrimEnd(' ', ':');
    }
}
