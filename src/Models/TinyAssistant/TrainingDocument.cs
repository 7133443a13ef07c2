namespace Rlhf.TinyAssistant;

/// <summary>One text of the corpus.</summary>
/// <param name="Context">What is read but not learnt.</param>
/// <param name="Learnt">What the model learns to continue with, up to the end of sequence; begins with a space when there is a context.</param>
public sealed record TrainingDocument(string Context, string Learnt);
