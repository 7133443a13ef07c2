namespace Rlhf.Coordinator.Ledger;

/// <summary>A published version of a policy or a reward model.</summary>
internal sealed class VersionRow
{
    public required string VersionId { get; init; }

    public required string RunId { get; init; }

    public required string Kind { get; init; }

    public required string BaseVersionId { get; init; }

    public required string Method { get; init; }

    public required long Step { get; init; }

    public required long Seed { get; init; }

    public required string OptionsJson { get; init; }

    public required string SoftwareVersion { get; init; }

    public required long CreatedUnixMs { get; init; }
}
