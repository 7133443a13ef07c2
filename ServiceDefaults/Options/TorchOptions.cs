using System.ComponentModel.DataAnnotations;

namespace Rlhf.ServiceDefaults;

/// <summary>Where this service computes, and its share of the processor. Configuration section "Torch".</summary>
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

    /// <summary>Where models are: "cpu", "cuda" (the first one) or "cuda:N". Anything but the processor needs a build with <c>-p:Torch=cuda</c>.</summary>
    [RegularExpression("^(cpu|cuda(:[0-9]{1,2})?)$", ErrorMessage = "Torch:Device must be cpu, cuda or cuda:N.")]
    public string Device { get; init; } = "cpu";
}
