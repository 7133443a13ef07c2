namespace Rlhf.TinyAssistant;

/// <summary>A piece of a document.</summary>
/// <param name="Text">What is read.</param>
/// <param name="Weight">How much each of its tokens counts in the loss; 0 for what is only read.</param>
public readonly record struct TrainingSegment(string Text, double Weight);
