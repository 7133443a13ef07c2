namespace Rlhf.Generator.Engine;

/// <summary>Where a version's files are on this machine.</summary>
/// <param name="VersionId">"base" or a published version.</param>
/// <param name="ModelFolder">A whole model.</param>
/// <param name="AdapterFolder">The adapter to put on it, if the version is one.</param>
internal sealed record VersionFiles(string VersionId, string ModelFolder, string? AdapterFolder);
