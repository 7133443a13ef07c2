using System.Text.RegularExpressions;

namespace Rlhf.Testing;

/// <summary>A run's native export, without what no two runs have in common.</summary>
internal static partial class ComparableExport
{
    /// <summary>The run's id and those of its leases are drawn, and hours and durations are what they are: nothing else differs between two runs of a seed.</summary>
    public static string Line(string line, string runId) =>
        DrawnOrTaken().Replace(line.Replace(runId, "RUN", StringComparison.Ordinal), "$1:0");

    [GeneratedRegex("""("(?:\w+UnixMs|seconds|elapsedMs|leaseId)"|"name":"\w*seconds?","value"):[^,}]+""")]
    private static partial Regex DrawnOrTaken();
}
