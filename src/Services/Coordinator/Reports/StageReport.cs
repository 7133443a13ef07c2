using System.Text.Json.Nodes;

namespace Rlhf.Coordinator.Reports;

/// <summary>One stage. Refused items are part of done.</summary>
internal sealed record StageReport(
    string Name, string State, double Seconds, long Done, long Wanted, string Unit, long Refused,
    IReadOnlyDictionary<string, long> RefusedByReason, JsonNode? Results);
