using Rlhf.Learner.Versions;
using Rlhf.V1;

namespace Rlhf.TrainingProcess;

/// <summary>All that must be the same however often a job was killed: losses, results, and the checksums of what was published.</summary>
internal static class Outcome
{
    /// <summary>One line of text.</summary>
    public static string Of(Job job, VersionCatalog catalog)
    {
        foreach (var step in job.Metrics)
        {
            foreach (var name in step.Values.Keys.Where(IsOfTime).ToArray())
            {
                step.Values.Remove(name);
            }
        }

        var files = catalog.List("run").OrderBy(version => version.VersionId, StringComparer.Ordinal)
            .SelectMany(version => version.Files.Select(file => $"{version.VersionId} {file.Name} {file.Sha256}"));
        return $"{Sorted(job)} {string.Join("; ", files)}";
    }

    private static string Sorted(Job job)
    {
        var steps = job.Metrics.Select(step => $"{step.Step}: " + Sorted(step.Values));
        return $"{job.State} {job.Error} [{string.Join(" | ", steps)}] results {Sorted(job.Results)} refused "
            + string.Join(' ', job.Refused.OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    private static string Sorted(IDictionary<string, double> figures) => string.Join(
        ' ', figures.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => FormattableString.Invariant($"{pair.Key}={pair.Value:R}")));

    private static bool IsOfTime(string name) => name.EndsWith("seconds", StringComparison.Ordinal) || name.EndsWith("per_second", StringComparison.Ordinal);
}
