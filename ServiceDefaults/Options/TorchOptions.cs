using System.ComponentModel.DataAnnotations;

namespace Rlhf.ServiceDefaults;

/// <summary>This service's share of the processor. Configuration section "Torch".</summary>
public sealed record TorchOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Torch";

    /// <summary>
    /// Threads of tensor operations. Several services share a machine, and processes with more threads than cores between
    /// them are several times slower than with fewer: hence 1 unless whoever starts them all gives more.
    /// </summary>
    [Range(1, 256)]
    public int Threads { get; init; } = 1;
}
