namespace Rlhf.Coordinator.Web;

/// <summary>An answer, what the oracle says of it, and its normalised score, where there is one.</summary>
internal sealed record AnswerText(string ResponseId, string Text, string? Label, double? Score);
