using System.ComponentModel.DataAnnotations;

namespace Rlhf.SampleService;

/// <summary>Options with something to get wrong.</summary>
public sealed record SampleOptions
{
    /// <summary>A number with a range.</summary>
    [Range(1, 10)]
    public int Size { get; init; } = 1;

    /// <summary>When set, the start fails with this sentence.</summary>
    public string? StartupError { get; init; }
}
