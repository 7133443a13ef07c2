namespace Rlhf.TinyAssistant;

/// <summary>One text of the corpus, in pieces that are learnt or only read.</summary>
/// <param name="Segments">In their order; all but the first begin with a space or a line break, so that each is tokens of its own.</param>
public sealed record TrainingDocument(IReadOnlyList<TrainingSegment> Segments)
{
    /// <summary>The whole text.</summary>
    public string Text => string.Concat(Segments.Select(segment => segment.Text));
}
