namespace Rlhf.Coordinator.Feedback;

/// <summary>Guidelines at one moment.</summary>
/// <param name="Text">Markdown.</param>
/// <param name="Hash">SHA-256 of the text, in hex.</param>
internal sealed record GuidelinesText(string Text, string Hash)
{
    public static GuidelinesText Of(string text) => new(text, Secrets.HashOf(text));
}
