using System.Diagnostics;
using System.Globalization;
using Rlhf.Learner.Training;
using Spectre.Console;

namespace Rlhf.Learner.CommandLine;

/// <summary>
/// How far a training is: a line that is written over on a terminal, and a line every few seconds elsewhere. With the steps a second,
/// the remaining time at that rate, and the step's most telling figures.
/// </summary>
/// <param name="output">Where to.</param>
/// <param name="isTerminal">Whether lines can be written over.</param>
internal sealed class ProgressLine(TextWriter output, bool isTerminal) : IProgress<TrainingStep>
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(5);
    private static readonly string[] s_telling = ["loss", "pairwise_loss", "regression_loss", "accuracy", "score", "kl"];

    private long _firstStep;
    private long _firstTime;
    private long _shownTime;

    /// <summary>Whether this process writes to a terminal that understands escape sequences.</summary>
    public static bool IsTerminal => AnsiConsole.Profile.Capabilities.Ansi && !Console.IsOutputRedirected;

    /// <inheritdoc/>
    public void Report(TrainingStep value)
    {
        if (_firstTime == 0)
        {
            // The first step warms up; the rate is that of those behind it.
            (_firstStep, _firstTime) = (value.Step, Stopwatch.GetTimestamp());
        }

        var isLast = value.Step == value.StepsWanted;
        if (!isTerminal && !isLast && _shownTime != 0 && Stopwatch.GetElapsedTime(_shownTime) < s_interval)
        {
            return;
        }

        _shownTime = Stopwatch.GetTimestamp();
        var line = LineOf(value, Stopwatch.GetElapsedTime(_firstTime));
        if (isTerminal)
        {
            output.Write("\r\e[2K" + line + (isLast ? Environment.NewLine : ""));
        }
        else
        {
            output.WriteLine(line);
        }
    }

    private string LineOf(TrainingStep value, TimeSpan elapsed)
    {
        var parts = new List<string> { $"step {value.Step}/{value.StepsWanted}" };
        parts.AddRange(s_telling.Where(value.Values.ContainsKey).Select(name => string.Create(CultureInfo.InvariantCulture, $"{name} {value.Values[name]:g4}")));
        if (value.Step > _firstStep && elapsed > TimeSpan.Zero)
        {
            var rate = (value.Step - _firstStep) / elapsed.TotalSeconds;
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{rate:g3} steps/s"));
            if (value.Step < value.StepsWanted)
            {
                parts.Add($"{Duration(TimeSpan.FromSeconds((value.StepsWanted - value.Step) / rate))} left");
            }
        }

        return string.Join("  ", parts);
    }

    private static string Duration(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min")
        : time.TotalMinutes >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds)} s");
}
