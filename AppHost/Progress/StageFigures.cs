using System.Globalization;
using Rlhf.V1;

namespace Rlhf.AppHost.Progress;

/// <summary>What a stage's counts say about its speed and its end, as short text.</summary>
internal static class StageFigures
{
    /// <summary>"128/512 prompts", or "" while nothing is known.</summary>
    public static string CountOf(RunStage stage)
        => stage.Wanted > 0 ? string.Create(CultureInfo.InvariantCulture, $"{stage.Done}/{stage.Wanted} {stage.Unit}").TrimEnd() : "";

    /// <summary>"4.2/s", or "" before the first item.</summary>
    public static string RateOf(RunStage stage)
        => stage is { Done: > 0, Seconds: > 0 } ? string.Create(CultureInfo.InvariantCulture, $"{stage.Done / stage.Seconds:0.0}/s") : "";

    /// <summary>"1:31 left", from the speed so far, or "" before the first item and after the last.</summary>
    public static string RemainingOf(RunStage stage)
        => stage is { State: StageState.Running, Done: > 0, Seconds: > 0 } && stage.Done < stage.Wanted
            ? Duration(stage.Seconds / stage.Done * (stage.Wanted - stage.Done)) + " left"
            : "";

    /// <summary>Minutes and seconds: "2:05".</summary>
    public static string Duration(double seconds)
    {
        var whole = (long)Math.Round(seconds);
        return string.Create(CultureInfo.InvariantCulture, $"{whole / 60}:{whole % 60:00}");
    }
}
