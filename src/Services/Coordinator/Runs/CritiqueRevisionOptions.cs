using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Runs;

/// <summary>Answers to red-team prompts, each critiqued and revised under principles of the constitution.</summary>
internal sealed record CritiqueRevisionOptions : StageOptions
{
    /// <summary>How many red-team prompts, at most.</summary>
    [Range(1, 1_000_000)]
    public int Prompts { get; init; } = 200;

    /// <summary>Rounds a prompt, at most.</summary>
    [Range(1, 16)]
    public int MaxRounds { get; init; } = 2;

    /// <summary>Length of an answer, critique or revision.</summary>
    [Range(1, 4096)]
    public int MaxNewTokens { get; init; } = 64;
}
