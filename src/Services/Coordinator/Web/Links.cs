using Microsoft.AspNetCore.WebUtilities;

namespace Rlhf.Coordinator.Web;

/// <summary>Addresses within the console. Ids of answers and preferences hold slashes, so they travel in the query.</summary>
internal static class Links
{
    public static string Run(string runId) => $"/runs/{Uri.EscapeDataString(runId)}";

    public static string Samples(string runId, string? stage = null, long? step = null, int? page = null) => With($"{Run(runId)}/samples",
        ("stage", stage), ("step", step?.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("page", PageOf(page)));

    public static string Answer(string responseId) => With("/ledger/answer", ("id", responseId));

    public static string Preference(string comparisonId) => With("/ledger/preference", ("id", comparisonId));

    public static string Report(string runId, bool download = false) => $"{Run(runId)}/report.html{(download ? "?download=true" : "")}";

    public static string RunPart(string runId, string part) => $"/parts{Run(runId)}/{part}";

    public static string RunApi(string runId, string what) => $"/api{Run(runId)}/{what}";

    /// <summary>An address with those of the parameters that have a value.</summary>
    public static string With(string path, params IEnumerable<(string Name, string? Value)> query) =>
        QueryHelpers.AddQueryString(path, query.Where(pair => !string.IsNullOrEmpty(pair.Value)).Select(pair => KeyValuePair.Create(pair.Name, pair.Value)));

    private static string? PageOf(int? page) => page is null or 1 ? null : page.Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
