using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Exchange;

/// <summary>What may be imported.</summary>
internal sealed record ImportOptions
{
    /// <summary>The section it is bound to.</summary>
    public const string Section = "Import";

    /// <summary>The largest file: all of it becomes one transaction.</summary>
    [Range(1, 1024)]
    public int MaxMegabytes { get; init; } = 64;

    /// <summary>The same in bytes.</summary>
    public long MaxBytes => MaxMegabytes * 1024L * 1024;
}
