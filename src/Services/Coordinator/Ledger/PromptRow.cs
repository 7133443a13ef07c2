using System.Text.Json;
using Rlhf.Coordinator.Prompts;

namespace Rlhf.Coordinator.Ledger;

/// <summary>A prompt of a run. Kept, so that a run goes on with the same prompts whatever became of their file.</summary>
internal sealed class PromptRow
{
    public required string RunId { get; init; }

    public required string PromptId { get; init; }

    /// <summary>Order in the run's prompt list.</summary>
    public required int Position { get; init; }

    public required PromptKind Kind { get; init; }

    /// <summary>Held out of all training.</summary>
    public required bool IsEvaluation { get; init; }

    /// <summary>The turns as JSON: [{"role": "user", "content": "…"}].</summary>
    public required string Turns { get; init; }

    /// <summary>A prompt as a row.</summary>
    public static PromptRow Of(string runId, RunPrompt prompt, int position) => new()
    {
        RunId = runId,
        PromptId = prompt.PromptId,
        Position = position,
        Kind = prompt.Kind,
        IsEvaluation = prompt.IsEvaluation,
        Turns = JsonSerializer.Serialize(prompt.Turns),
    };
}
