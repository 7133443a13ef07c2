namespace Rlhf.Coordinator.Ledger;

/// <summary>A prompt of a run. Kept, so that a run goes on with the same prompts whatever became of their file.</summary>
internal sealed class PromptRow
{
    public required string RunId { get; init; }

    public required string PromptId { get; init; }

    /// <summary>Order in the run's prompt list.</summary>
    public required int Position { get; init; }

    public required Prompts.PromptKind Kind { get; init; }

    /// <summary>Held out of all training.</summary>
    public required bool IsEvaluation { get; init; }

    /// <summary>The turns as JSON: [{"role": "user", "content": "…"}].</summary>
    public required string Turns { get; init; }
}
