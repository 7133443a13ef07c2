using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Runs;

/// <summary>Options of one stage of a run, as the run file gives them.</summary>
internal abstract record StageOptions
{
    /// <summary>The stage's name within the run; its kind when the file gives none.</summary>
    [RegularExpression("[a-z0-9][a-z0-9-]*")]
    public string Name { get; init; } = "";
}
