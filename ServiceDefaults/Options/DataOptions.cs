using System.ComponentModel.DataAnnotations;

namespace Rlhf.ServiceDefaults;

/// <summary>Where a service keeps its files. Configuration section "Data".</summary>
public sealed record DataOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Data";

    /// <summary>A folder of this service's own; it is made if it is not there.</summary>
    [Required(ErrorMessage = "Data:Path is not set; give a folder that this service may write to.")]
    public string Path { get; init; } = "";
}
