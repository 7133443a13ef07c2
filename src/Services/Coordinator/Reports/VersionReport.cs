namespace Rlhf.Coordinator.Reports;

/// <summary>A published version and what made it.</summary>
internal sealed record VersionReport(string Version, string Kind, string BaseVersion, string Method, long Step, long Seed);
