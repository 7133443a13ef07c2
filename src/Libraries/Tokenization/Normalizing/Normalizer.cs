namespace Rlhf.Tokenization.Normalizing;

/// <summary>What is done to text before it is split: steps one after another.</summary>
/// <param name="Steps">Text to text, depending on where it stands.</param>
internal sealed record Normalizer(IReadOnlyList<Func<string, TextPlace, string>> Steps)
{
    public static Normalizer None { get; } = new([]);

    public string Apply(string text, TextPlace place)
    {
        foreach (var step in Steps)
        {
            text = step(text, place);
        }

        return text;
    }
}
