namespace Rlhf.Coordinator.Ledger;

/// <summary>One sampled response.</summary>
internal sealed class ResponseRow
{
    /// <summary>Message id, '#', number of the sample.</summary>
    public required string ResponseId { get; init; }

    public required string RunId { get; init; }

    public required string Stage { get; init; }

    public required long Step { get; init; }

    public required string PromptId { get; init; }

    public required string PolicyVersion { get; init; }

    public required string Text { get; init; }

    public required int TokenCount { get; init; }

    /// <summary>False where the response was cut off at its length limit; null where that is not known.</summary>
    public required bool? IsFinished { get; init; }

    public required long Seed { get; init; }

    public static string IdOf(string messageId, int sample) => $"{messageId}#{sample}";
}
