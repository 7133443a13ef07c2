using System.Text.Json;
using Rlhf.Learner.StepLogs;

namespace Rlhf.Learner.CommandLine.Plotting;

/// <summary>The figures of a training's steps, as it logged them.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Steps">The lines of its steps.jsonl.</param>
internal sealed record StepCurves(string Name, IReadOnlyList<JsonElement> Steps)
{
    /// <summary>Reads a training's output folder.</summary>
    /// <exception cref="InvalidDataException">It has no log of steps, or a line is no JSON.</exception>
    public static StepCurves Read(string folder)
    {
        try
        {
            return new StepCurves(
                Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))),
                [.. File.ReadLines(Path.Combine(folder, StepLog.FileName)).Select(line => JsonElement.Parse(line))]);
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            throw new InvalidDataException($"The steps of {folder} can't be read: {exception.Message}", exception);
        }
    }

    /// <summary>A figure over the steps that have it.</summary>
    /// <exception cref="InvalidDataException">No step has it.</exception>
    public IReadOnlyList<(double Step, double Value)> Of(string figure)
    {
        (double, double)[] points =
        [
            .. Steps.Where(step => step.TryGetProperty(figure, out _)).Select(step => (step.GetProperty("step").GetDouble(), step.GetProperty(figure).GetDouble())),
        ];
        return points.Length > 0
            ? points
            : throw new InvalidDataException(
                $"No step of {Name} has '{figure}'; there are: {string.Join(", ", Steps.Take(1).SelectMany(step => step.EnumerateObject()).Select(property => property.Name))}.");
    }
}
