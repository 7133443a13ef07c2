using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Runs;

/// <summary>Ratings of the answers to each prompt, from the comparisons.</summary>
internal sealed record RatingsOptions : StageOptions
{
    /// <summary>How far one comparison moves an Elo rating.</summary>
    [Range(1, 400)]
    public double EloK { get; init; } = 32;

    /// <summary>The quadratic penalty of the Bradley-Terry fit.</summary>
    [Range(1e-9, 10)]
    public double Penalty { get; init; } = 0.01;
}
